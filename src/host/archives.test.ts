/** Archives: what is unpacked, and everything hostile that is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import { strToU8, zipSync } from "fflate";
import { UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import { openArchive } from "./archives.ts";
import { type ArchiveLimits, makeBudget } from "./budget.ts";

const CSV = strToU8("timestamp,x\n0,1\n10,2\n");

async function open(bytes: Uint8Array, name = "data.zip", limits: Partial<ArchiveLimits> = {}) {
  const files = await openArchive(bytes, name, makeBudget(limits));
  return files.map(({ path, bytes: content }) => [path, Buffer.from(content).toString()]);
}

async function refuses(bytes: Uint8Array, code: string, message: RegExp, limits = {}) {
  await assert.rejects(openArchive(bytes, "data.zip", makeBudget(limits)), {
    name: "UserError",
    code,
    message,
  });
}

/** One tar entry; `pad` to whole blocks. */
function tarEntry(name: string, content: Uint8Array, type = "0", size = content.length): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write("0000644\0", 100);
  header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  header.write("        ", 148);
  header.write(type, 156);
  header.write("ustar\x0000", 257);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding]);
}

const tar = (...entries: Buffer[]) => Buffer.concat([...entries, Buffer.alloc(1024)]);

function paxRecord(key: string, value: string): string {
  let length = key.length + Buffer.byteLength(value) + 3;
  length += String(length + String(length).length).length;
  return `${length} ${key}=${value}\n`;
}

/** A zip with one entry whose header states any size and checksum. */
function zipOf(
  name: string,
  packed: Uint8Array,
  bytes: number,
  crc: number,
  patch = (_: Buffer, __: Buffer) => {},
) {
  const local = Buffer.alloc(30);
  const central = Buffer.alloc(46);
  local.writeUInt32LE(0x04034b50, 0);
  central.writeUInt32LE(0x02014b50, 0);
  for (const [header, at] of [
    [local, 8],
    [central, 10],
  ] as const) {
    header.writeUInt16LE(8, at);
    header.writeUInt32LE(crc, at + 6);
    header.writeUInt32LE(packed.length, at + 10);
    header.writeUInt32LE(bytes, at + 14);
    header.writeUInt16LE(Buffer.byteLength(name), at + 18);
  }
  patch(central, local);
  const body = Buffer.concat([local, Buffer.from(name), packed]);
  const directory = Buffer.concat([central, Buffer.from(name)]);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(body.length, 16);
  return Buffer.concat([body, directory, end]);
}

test("zip: stored and deflated entries, folders left out", async () => {
  const bytes = zipSync({
    "a/wave.1.csv": CSV,
    "a/": new Uint8Array(0),
    "b.csv": [CSV, { level: 0 }],
  });
  assert.deepEqual(await open(bytes), [
    ["a/wave.1.csv", Buffer.from(CSV).toString()],
    ["b.csv", Buffer.from(CSV).toString()],
  ]);
});

test("tar, tar.gz, prefix, pax and GNU long names", async () => {
  const long = `${"deep/".repeat(30)}wave.1.csv`;
  const prefixed = tarEntry("wave.2.csv", CSV);
  prefixed.write("training", 345);
  prefixed.write("        ", 148);
  let sum = 0;
  for (const byte of prefixed.subarray(0, 512)) sum += byte;
  prefixed.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const bytes = tar(
    tarEntry("pax_global_header", Buffer.from(paxRecord("comment", "x")), "g"),
    tarEntry("./a/", Buffer.alloc(0), "5"),
    tarEntry("./a/wave.1.csv", CSV),
    prefixed,
    tarEntry("PaxHeader", Buffer.from(paxRecord("path", long)), "x"),
    tarEntry("short.csv", CSV),
    tarEntry("././@LongLink", Buffer.from(`${long}2\0`), "L"),
    tarEntry("short.csv", Buffer.alloc(0), "\0"),
  );
  const expected = ["a/wave.1.csv", "training/wave.2.csv", long, `${long}2`];
  for (const [packed, name] of [
    [bytes, "d.tar"],
    [gzipSync(bytes), "d.tar.gz"],
    [gzipSync(bytes), "d.tgz"],
  ] as const) {
    const files = await open(packed, name);
    assert.deepEqual(
      files.map(([path]) => path),
      expected,
    );
    assert.equal(files[2]![1], Buffer.from(CSV).toString());
  }
});

test("a lone gzipped file is that file", async () => {
  assert.deepEqual(await open(gzipSync(CSV), "a/wave.1.csv.gz"), [
    ["wave.1.csv", Buffer.from(CSV).toString()],
  ]);
});

test("other bytes are no archive", async () => {
  await refuses(
    CSV,
    "archive-kind",
    /^open data\.zip: must be a zip, tar or gzip archive, got other bytes$/,
  );
  await refuses(new Uint8Array(0), "archive-kind", /got other bytes/);
});

test("paths that lead out are refused in zip and tar", async () => {
  for (const path of [
    "../evil.csv",
    "a/../../evil.csv",
    "/etc/evil.csv",
    "C:/evil.csv",
    "C:evil.csv",
    "a\\..\\evil.csv",
    "..",
    "a\0.csv",
    ".",
  ]) {
    const zip = zipOf(path, deflateRawSync(CSV), CSV.length, crc32(CSV));
    await refuses(
      zip,
      "archive-path",
      /^open data\.zip: entry ".*" must be a file within the archive, got /,
    );
    if (!path.includes("\0"))
      await refuses(tar(tarEntry(path, CSV)), "archive-path", /must be a file within/);
  }
  await refuses(
    zipOf("../", deflateRawSync(CSV), CSV.length, crc32(CSV)),
    "archive-path",
    /leads out/,
  );
});

test("links and devices are refused", async () => {
  for (const type of ["1", "2"]) {
    await refuses(tar(tarEntry("a.csv", Buffer.alloc(0), type)), "archive-path", /got a link$/);
  }
  for (const type of ["3", "4", "6", "S"]) {
    await refuses(tar(tarEntry("a.csv", Buffer.alloc(0), type)), "archive-path", /got a device$/);
  }
  const link = zipOf("a.csv", deflateRawSync(CSV), CSV.length, crc32(CSV), (central) =>
    central.writeUInt32LE((0o120777 << 16) >>> 0, 38),
  );
  await refuses(link, "archive-path", /got a link$/);
});

test("a name that occurs twice is refused", async () => {
  await refuses(
    tar(tarEntry("a.csv", CSV), tarEntry("./a.csv", CSV)),
    "archive-path",
    /"a.csv" must occur once/,
  );
});

test("an encrypted or zip64 archive and an unknown method are refused", async () => {
  const with_ = (patch: (central: Buffer) => void) =>
    zipOf("a.csv", deflateRawSync(CSV), CSV.length, crc32(CSV), patch);
  await refuses(
    with_((central) => central.writeUInt16LE(1, 8)),
    "archive-encrypted",
    /must not be encrypted/,
  );
  await refuses(
    with_((central) => central.writeUInt16LE(14, 10)),
    "archive-method",
    /got method 14$/,
  );
  const zip64 = with_(() => {});
  zip64.writeUInt32LE(0xffffffff, zip64.length - 6);
  await refuses(zip64, "archive-method", /got zip64/);
});

test("bombs: the ratio, the total and the count are enforced on what comes out", async () => {
  const zeros = new Uint8Array(20 * 1024 * 1024);
  const packed = deflateRawSync(zeros);
  const bomb = zipOf("a.csv", packed, zeros.length, crc32(zeros));
  await refuses(
    bomb,
    "archive-too-large",
    /entry "a.csv" must unpack to at most 100 times its \d+ bytes, got more$/,
  );
  await refuses(gzipSync(zeros), "archive-too-large", /content must unpack to at most 100 times/);
  const limits = { totalBytes: 1024 * 1024 };
  await refuses(bomb, "archive-too-large", /must unpack to at most 1 MiB, got more$/, limits);
  await refuses(gzipSync(zeros), "archive-too-large", /at most 1 MiB/, limits);
  const half = makeRng(1);
  const noise = Uint8Array.from({ length: 600_000 }, () => half.int(256));
  await refuses(zipSync({ "a.csv": noise, "b.csv": noise }), "archive-too-large", /1 MiB/, limits);
  await refuses(
    zipSync({ "a.csv": [noise, { level: 0 }], "b.csv": [noise, { level: 0 }] }),
    "archive-too-large",
    /1 MiB/,
    limits,
  );
  await refuses(
    tar(tarEntry("a.csv", noise), tarEntry("b.csv", noise)),
    "archive-too-large",
    /1 MiB/,
    limits,
  );
  await refuses(zipSync({ a: CSV, b: CSV, c: CSV }), "archive-too-large", /at most 2 entries/, {
    entries: 2,
  });
  await refuses(
    tar(tarEntry("a", CSV), tarEntry("b", CSV)),
    "archive-too-large",
    /at most 1 entries/,
    { entries: 1 },
  );
});

test("entries that share one body count each time", async () => {
  // The directory is repeated with other names over the same local entry.
  const zeros = new Uint8Array(400_000);
  const one = zipOf("a.csv", deflateRawSync(zeros), zeros.length, crc32(zeros));
  const directoryAt = one.readUInt32LE(one.length - 6);
  const directory = one.subarray(directoryAt, one.length - 22);
  const copies = ["a", "b", "c"].map((letter) => {
    const copy = Buffer.from(directory);
    copy.write(letter, 46);
    return copy;
  });
  const end = Buffer.from(one.subarray(one.length - 22));
  end.writeUInt16LE(3, 10);
  const overlapping = Buffer.concat([one.subarray(0, directoryAt), ...copies, end]);
  assert.equal((await open(overlapping)).length, 3);
  await refuses(overlapping, "archive-too-large", /1 MiB/, { totalBytes: 1024 * 1024 });
});

test("lying sizes and checksums are refused", async () => {
  const packed = deflateRawSync(CSV);
  const start = /entry "a.csv" must have the size and checksum its header states/;
  await refuses(zipOf("a.csv", packed, 3, crc32(CSV)), "archive-corrupt", start);
  await refuses(zipOf("a.csv", packed, 0xffffffff, crc32(CSV)), "archive-corrupt", start);
  await refuses(zipOf("a.csv", packed, CSV.length, 1), "archive-corrupt", start);
  await refuses(
    tar(tarEntry("a.csv", CSV, "0", 9999)),
    "archive-corrupt",
    /must lie within the file, got 9999 bytes/,
  );
});

test("an archive cut off or changed anywhere is a UserError or is read, never another failure", async () => {
  const zip = zipSync({ "a/wave.1.csv": CSV, "b.csv": CSV });
  const plain = tar(tarEntry("a.csv", CSV), tarEntry("b.csv", CSV));
  const rng = makeRng(5);
  let refused = 0;
  for (const bytes of [zip, plain, gzipSync(plain)]) {
    for (let round = 0; round < 300; round++) {
      const mutant = Uint8Array.from(bytes);
      if (round % 2 === 0) mutant[rng.int(mutant.length)] = rng.int(256);
      const end = round % 2 === 0 ? mutant.length : rng.int(mutant.length);
      try {
        await openArchive(mutant.subarray(0, end), "data.zip");
      } catch (error) {
        assert.ok(error instanceof UserError, String(error));
        refused++;
      }
    }
  }
  assert.ok(refused > 300, `${refused}`);
});
