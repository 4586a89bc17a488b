/** The programs that come with a C library: an example, the self-test, and the Makefile for both. */
import { floatLiteral } from "../../compiler/emit/c/literals.ts";
import type { Library } from "../library.ts";
import { commentText, fileHeader, LICENCE_LINE, valueLines } from "./text.ts";

/** `example/main.c`: reads windows as text. */
export function exampleText(library: Library): string {
  const { prefix, macro, info } = library;
  const { isRegression, field, noun } = library.outputs;
  const format = isRegression ? "%g" : "%.3f";
  const anomaly = library.anomaly ? `\n    printf("  anomaly %.3f", (double)result.anomaly);` : "";
  return `${fileHeader([
    `Reads windows of ${commentText(info.project)} as numbers with blanks, commas or line ends between, and prints`,
    `${isRegression ? "what is predicted for each" : "what each one is"}: ./example_${prefix} < windows.csv`,
  ])}#include <stdio.h>

#include "../${prefix}.h"

/* Reads the next number; what stands between numbers is skipped. Gives 0 at the end. */
static int read_value(float *value) {
  for (;;) {
    const int found = scanf("%f", value);
    if (found == 1) return 1;
    if (found == EOF || getchar() == EOF) return 0;
  }
}

int main(void) {
  ${prefix}_result result;
  for (int windows = 1;; windows++) {
    float *window = ${prefix}_input();
    for (int i = 0; i < ${macro}_WINDOW_VALUES; i++) {
      if (!read_value(&window[i])) return i == 0 ? 0 : 1; /* 1: an incomplete window */
    }
    if (${prefix}_run(&result) != ${macro}_OK) return 1;
    printf("window %d:", windows);
    for (int i = 0; i < ${macro}_${noun}S; i++) {
      printf("  %s ${format}", ${prefix}_${noun.toLowerCase()}_names[i], (double)result.${field}[i]);
    }${anomaly}
    printf("\\n");
  }
}
`;
}

/** `test/selftest.c`: golden windows with the outputs they must give, compared bit by bit. */
export function selfTestText(library: Library): string {
  const { prefix, macro, info } = library;
  const { field, noun } = library.outputs;
  const { golden } = info;
  const quantizedCheck = library.quantized
    ? `    for (int i = 0; i < ${macro}_${noun}S; i++) {
      if (result.quantized[i] != quantized[w][i]) different++;
    }
`
    : "";
  const count = golden.length;
  const floats = (values: Float32Array) => valueLines(Array.from(values, floatLiteral), "    ");
  const table = (type: string, name: string, size: string, rows: readonly string[]): string =>
    `static const ${type} ${name}[WINDOWS][${size}] = {\n${rows.map((row) => `  {\n${row}\n  },\n`).join("")}};\n`;
  const anomalies = golden.map(({ expected }) => floatLiteral(expected.anomaly ?? 0));
  const quantizedTable = library.quantized
    ? `${table(
        "int8_t",
        "quantized",
        `${macro}_${noun}S`,
        golden.map((g) => valueLines(Array.from(g.expected.quantized!, String), "    ")),
      )}\n`
    : "";
  return `${fileHeader([
    `Self-test of ${commentText(info.project)}: ${count} recorded windows and the outputs they gave when the`,
    `library was generated. ${prefix}_selftest() gives the number of values that differ in any bit.`,
    `Define ${macro}_SELFTEST_NO_MAIN to call it from a program of your own.`,
  ])}#include <string.h>

#include "../${prefix}.h"

#define WINDOWS ${count}

${table(
  "float",
  "windows",
  `${macro}_WINDOW_VALUES`,
  golden.map((g) => floats(g.window)),
)}
${table(
  "float",
  "features",
  `${macro}_FEATURES`,
  golden.map((g) => floats(g.expected.features)),
)}
${quantizedTable}${table(
  "float",
  field,
  `${macro}_${noun}S`,
  golden.map((g) => floats(g.expected.probabilities)),
)}
${library.anomaly ? `static const float anomaly[WINDOWS] = {\n${valueLines(anomalies, "  ")}\n};\n` : ""}
/* Values whose bits differ; NaNs count as equal. */
static int differences(const float *got, const float *expected, int count) {
  int different = 0;
  for (int i = 0; i < count; i++) {
    const int both_nan = got[i] != got[i] && expected[i] != expected[i];
    if (memcmp(&got[i], &expected[i], sizeof got[i]) != 0 && !both_nan) different++;
  }
  return different;
}

int ${prefix}_selftest(void);
int ${prefix}_selftest(void) {
  int different = 0;
  for (int w = 0; w < WINDOWS; w++) {
    ${prefix}_result result;
    if (${prefix}_classify(windows[w], &result) != ${macro}_OK) return -1;
    different += differences(result.features, features[w], ${macro}_FEATURES);
    different += differences(result.${field}, ${field}[w], ${macro}_${noun}S);
${library.anomaly ? "    different += differences(&result.anomaly, &anomaly[w], 1);\n" : ""}${quantizedCheck}  }
  return different;
}

#ifndef ${macro}_SELFTEST_NO_MAIN
#include <stdio.h>

int main(void) {
  const int different = ${prefix}_selftest();
  printf("${prefix}: %d windows, %d values differ\\n", WINDOWS, different);
  return different == 0 ? 0 : 1;
}
#endif
`;
}

/** The Makefile; any C99 compiler will do. */
export function makefileText(library: Library): string {
  const { prefix } = library;
  const link = "\t$(CC) $(CFLAGS) $(WARNINGS) -o $@ $^\n";
  return `# ${LICENCE_LINE}
#
# make        the example and the self-test
# make test   runs the self-test; CC=clang or another compiler as you like

CFLAGS ?= -std=c99 -O2
WARNINGS = -Wall -Wextra -Wconversion
LIBRARY = ${prefix}.c ${prefix}_data.c

all: example_${prefix} selftest_${prefix}

test: selftest_${prefix}
\t./selftest_${prefix}

example_${prefix}: example/main.c $(LIBRARY)
${link}
selftest_${prefix}: test/selftest.c $(LIBRARY)
${link}
clean:
\trm -f example_${prefix} selftest_${prefix}

.PHONY: all test clean
`;
}
