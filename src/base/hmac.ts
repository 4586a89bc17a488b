/** HMAC-SHA256 (RFC 2104): the signature of acquisition files. */
import { sha256 } from "./sha256.ts";

const BLOCK_BYTES = 64;

/** Authenticates `message` under `key` (any length); 32 bytes out. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(key.length > BLOCK_BYTES ? sha256(key) : key);
  return hashAfter(block, 0x5c, hashAfter(block, 0x36, message));
}

function hashAfter(block: Uint8Array, pad: number, message: Uint8Array): Uint8Array {
  const whole = new Uint8Array(BLOCK_BYTES + message.length);
  for (let i = 0; i < BLOCK_BYTES; i++) whole[i] = block[i]! ^ pad;
  whole.set(message, BLOCK_BYTES);
  return sha256(whole);
}
