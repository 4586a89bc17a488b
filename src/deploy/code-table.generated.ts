/** Bytes of machine code, measured; written by scripts/measure-code.mjs. */
export const CODE_TABLE: {
  readonly functions: readonly (readonly [string, readonly [number, number]])[];
  readonly perCount: readonly number[];
  readonly perCall: readonly number[];
  readonly runStack: number;
} = {"functions":[],"perCount":[20,12,12,6,6,4,6,12,12,4,4],"perCall":[140,4,4,4,4,8],"runStack":60};
