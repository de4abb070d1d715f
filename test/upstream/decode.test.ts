import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { decode } from '../../src/upstream/decode.ts'

const BODY = Buffer.from('{"error":{"message":"é"}}')

t.test('plain bytes stay the same buffer', async (t) => {
  for (const encoding of ['', 'identity']) t.equal(await decode(BODY, encoding), BODY)
})

t.test('each encoding, however it is written', async (t) => {
  const cases: [string, Buffer][] = [
    ['gzip', gzipSync(BODY)],
    ['x-gzip', gzipSync(BODY)],
    [' GZIP ', gzipSync(BODY)],
    ['deflate', deflateSync(BODY)],
    ['br', brotliCompressSync(BODY)],
  ]
  for (const [encoding, packed] of cases)
    t.equal((await decode(packed, encoding)).toString(), BODY.toString(), encoding)
})

t.test('what cannot be unpacked', async (t) => {
  await t.rejects(decode(BODY, 'gzip'))
  await t.rejects(decode(gzipSync(BODY).subarray(0, 20), 'gzip'))
  await t.rejects(decode(BODY, 'zstd'), /zstd/)
  await t.rejects(decode(BODY, ['gzip', 'br']))
})

t.test('a body that unpacks beyond reason', async (t) => {
  const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024))
  t.ok(bomb.length < 1e6)
  await t.rejects(decode(bomb, 'gzip'))
})
