/**
 * The part of the WebAssembly JavaScript interface that the engine uses. The project's TypeScript
 * library is that of ECMAScript alone, since neither Node's types nor ES declare it.
 */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: {
      readonly initial: number;
      readonly maximum?: number;
      readonly shared?: boolean;
    });
    readonly buffer: ArrayBuffer;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(
      module: Module,
      imports?: { readonly [module: string]: { readonly [name: string]: unknown } },
    );
    readonly exports: { readonly [name: string]: unknown };
  }
  function validate(bytes: Uint8Array): boolean;
}
