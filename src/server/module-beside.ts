/**
 * The URL of a module in the folder of another: how threads are started. It takes the extension of
 * the one who asks, since a source checkout has `.ts` and an installed package `.js`.
 */

/** @param url `import.meta.url` of the one who asks */
export function moduleBeside(url: string, name: string): URL {
  return new URL(`./${name}${url.slice(url.lastIndexOf("."))}`, url);
}
