/**
 * Random kernels of several phases over the same few buffers, so that what one phase writes is read
 * by others in other orders: by rows, by columns, turned, all of it; with reductions, serial loops
 * around parallel ones, registers over phases, scratch for one iteration, and looked-up places.
 */
import { makeRng } from "../../src/base/rng.ts";
import { add, addF, buildKernel, clamp, maxF, mul, mulF, truncate } from "../../src/ir/build.ts";
import type { Expr, Kernel } from "../../src/ir/kernel.ts";

export function randomPhases(seed: number): Kernel {
  const rng = makeRng(seed);
  const [R, C] = [2 + rng.int(9), 2 + rng.int(14)];
  return buildKernel(`phases_${seed}`, (k) => {
    const x = k.input("float32", R * C);
    const outputs = [k.output("float32", R * C), k.output("float32", R * C)];
    const scratch = k.scratch("float32", R * C, "scratch");
    const temporary = k.scratch("float32", C, "temporary");
    const [first] = outputs;
    k.parallel(R * C, (i) => first!.store(i, mulF(x.load(i), 0.5)));
    k.parallel(R * C, (i) => outputs[1]!.store(i, x.load(i)));
    k.parallel(R * C, (i) => scratch.store(i, x.load(i)));
    const buffers = [...outputs, scratch];
    const rounds = 2 + rng.int(5);
    for (let round = 0; round < rounds; round++) {
      const to = buffers[rng.int(3)]!;
      const from = [x, ...buffers.filter((b) => b !== to)][rng.int(3)]!;
      const at = (r: Expr, c: Expr): Expr => add(mul(r, C), c);
      const mix = (i: Expr, j: Expr): void =>
        to.store(i, addF(mulF(to.load(i), 0.25), from.load(j)));
      switch (rng.int(9)) {
        case 0:
          k.parallel(R * C, (i) => mix(i, i));
          break;
        case 1:
          k.parallel(R, (r) => k.parallel(C, (c) => mix(at(r, c), at(r, c))));
          break;
        case 2:
          k.parallel(C, (c) => k.parallel(R, (r) => mix(at(r, c), add(mul(c, R), r))));
          break;
        case 3: // each row from all of another
          k.parallel(R, (r) =>
            k.parallel(C, (c) => {
              const sum = k.register(to.load(at(r, c)));
              k.loop(R, (q) => sum.set(addF(mulF(sum.get, 0.5), from.load(at(q, c)))));
              to.store(at(r, c), sum.get);
            }),
          );
          break;
        case 4: // rows one after another, columns side by side
          k.loop(R, (r) => k.parallel(C, (c) => mix(c, at(r, c))));
          break;
        case 5: // a register over phases
          {
            const total = k.register(0);
            k.loop(R * C, (i) => total.set(addF(mulF(total.get, 0.5), from.load(i))));
            k.parallel(R * C, (i) => to.store(i, addF(to.load(i), total.get)));
          }
          break;
        case 6: // scratch for one iteration
          k.parallel(R, (r) => {
            k.loop(C, (c) => temporary.store(c, maxF(from.load(at(r, c)), to.load(at(r, c)))));
            k.loop(C, (c) => to.store(at(r, c), temporary.load(add(C - 1, mul(c, -1)))));
          });
          break;
        case 7: // places that are looked up
          k.parallel(R, (r) => {
            const place = k.value(clamp(truncate(from.load(mul(r, C))), 0, C - 1));
            to.store(add(mul(r, C), place), from.load(add(mul(r, C), place)));
          });
          break;
        default: // all of it by one thread
          k.loop(R * C, (i) =>
            to.store(i, addF(to.load(add(R * C - 1, mul(i, -1))), from.load(i))),
          );
      }
    }
  });
}
