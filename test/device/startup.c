/* SPDX-License-Identifier: 0BSD
 *
 * Start of a program on the MPS2 boards that QEMU imitates: vector table, FPU, memory, and the
 * harness of src/deploy/parity.ts on files of the host through semihosting: windows.bin in,
 * outputs.bin out. No C library.
 */
#include <stddef.h>
#include <stdint.h>

int harness_read(void *to, unsigned bytes);
void harness_write(const void *from, unsigned bytes);
int harness_run(void);
void reset(void);

enum { SYS_OPEN = 0x01, SYS_CLOSE = 0x02, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT = 0x20 };
enum { MODE_READ_BINARY = 1, MODE_WRITE_BINARY = 5 };

static uint32_t semihost(uint32_t operation, const void *arguments) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static uint32_t open_file(const char *name, uint32_t length, uint32_t mode) {
  const uint32_t arguments[3] = {(uint32_t)name, mode, length};
  return semihost(SYS_OPEN, arguments);
}

static void leave(uint32_t code) {
  const uint32_t arguments[2] = {0x20026u /* application exit */, code};
  semihost(SYS_EXIT, arguments);
  for (;;) {
  }
}

static uint32_t windows_file, outputs_file;

/* Both operations give the number of bytes that were not transferred. */
int harness_read(void *to, unsigned bytes) {
  const uint32_t arguments[3] = {windows_file, (uint32_t)to, bytes};
  return semihost(SYS_READ, arguments) == 0;
}

void harness_write(const void *from, unsigned bytes) {
  const uint32_t arguments[3] = {outputs_file, (uint32_t)from, bytes};
  if (semihost(SYS_WRITE, arguments) != 0) leave(3);
}

void *memcpy(void *to, const void *from, size_t count) {
  uint8_t *target = to;
  const uint8_t *source = from;
  while (count--) *target++ = *source++;
  return to;
}

void *memmove(void *to, const void *from, size_t count) {
  uint8_t *target = to;
  const uint8_t *source = from;
  if (target <= source) return memcpy(to, from, count);
  while (count--) target[count] = source[count];
  return to;
}

void *memset(void *to, int value, size_t count) {
  uint8_t *target = to;
  while (count--) *target++ = (uint8_t)value;
  return to;
}

extern uint32_t data_load, data_start, data_end, bss_start, bss_end, stack_top;

void reset(void) {
#if defined(__ARM_FP)
  *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20; /* CPACR: full access to the FPU */
  __asm__ volatile("dsb\n isb");
#endif
  for (uint32_t *from = &data_load, *to = &data_start; to < &data_end;) *to++ = *from++;
  for (uint32_t *to = &bss_start; to < &bss_end;) *to++ = 0;
  windows_file = open_file("windows.bin", 11, MODE_READ_BINARY);
  outputs_file = open_file("outputs.bin", 11, MODE_WRITE_BINARY);
  if (windows_file == UINT32_MAX || outputs_file == UINT32_MAX) leave(4);
  const int failed = harness_run();
  semihost(SYS_CLOSE, &outputs_file);
  leave((uint32_t)failed);
}

static void fault(void) { leave(5); }

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    &stack_top, (const void *)reset, (const void *)fault, (const void *)fault,
    (const void *)fault, (const void *)fault, (const void *)fault, (const void *)fault,
    NULL, NULL, NULL, (const void *)fault,
    (const void *)fault, NULL, (const void *)fault, (const void *)fault,
};
