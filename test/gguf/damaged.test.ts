import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { GgufWriter, llamaGguf, type Value } from '../support/gguf-file.ts'
import { runHere, unwrapped } from '../cli/turnout.ts'

const { u32, u64, text, head } = new GgufWriter()
const whole = llamaGguf({ layers: 2, width: 64, heads: 2, kvHeads: 1 })
const at = whole.indexOf('llama.block_count')

/** A valid start, one pair of metadata, and what its value is. */
const pair = (type: number, ...value: readonly Buffer[]): Buffer =>
  Buffer.concat([head(0n, 1n), text('general.architecture'), u32(type), ...value])

/** The file with another number where `llama.block_count` has its own. */
function layers(count: number): Buffer {
  const file = Buffer.from(whole)
  file.writeUInt32LE(count, at + 'llama.block_count'.length + 4)
  return file
}

const nested = (depth: number): Buffer =>
  Buffer.concat([...Array.from({ length: depth }, () => Buffer.concat([u32(9), u64(1n)])), u32(4), u64(1n), u32(1)])

/** Lists of a million numbers each, as many as fit in front of the end of what is read. */
const wide = Buffer.concat(
  Array.from({ length: 34 }, () =>
    Buffer.concat([text('a'), u32(9), u32(0), u64(1_000_000n), Buffer.alloc(1_000_000)]),
  ),
)

const plain = (metadata: Readonly<Record<string, Value>>): Buffer => new GgufWriter().file(metadata)

const CASES: readonly (readonly [name: string, file: Buffer, says: RegExp])[] = [
  ['nothing', Buffer.alloc(0), /it is empty/],
  ['a zip', Buffer.from('PK\x03\x04'.padEnd(64)), /it is not a GGUF: it begins with "PK\?\?"/],
  ['a pointer of Git LFS', Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\n'), /a pointer of Git LFS/], // prettier-ignore
  ['a page', Buffer.from('<!DOCTYPE html><html><body>Sign in</body></html>'), /an HTML page/],
  ['an escape', Buffer.from('\x1b[2Jxxxxxxxxxxxxxxxxxxxxxxxxxxx'), /begins with "\?\[2J"/],
  ['only the magic', Buffer.from('GGUF'), /it ends within its header, after 4 bytes/],
  ['version 1', Buffer.concat([Buffer.from('GGUF'), u32(1), Buffer.alloc(40)]), /it is GGUF version 1,/],
  ['version 9', Buffer.concat([Buffer.from('GGUF'), u32(9), Buffer.alloc(40)]), /it is GGUF version 9;/],
  ['2^60 tensors', Buffer.concat([head(2n ** 60n, 0n), Buffer.alloc(64)]), /1152921504606846976 tensors/],
  ['2^60 pairs', Buffer.concat([head(0n, 2n ** 60n), Buffer.alloc(64)]), /KV metadata count 1152921504606846976 exceeds/], // prettier-ignore
  ['a list of 2^60', pair(9, u32(4), u64(2n ** 60n), Buffer.alloc(64)), /array length 1152921504606846976 exceeds/],
  ['a text of 2^60', pair(8, u64(2n ** 60n), Buffer.alloc(64)), /String length 1152921504606846976 exceeds/],
  ['a text beyond the end', pair(8, u64(9_000_000n), Buffer.alloc(64)), /ends within its header/],
  ['lists in lists', pair(9, nested(40)), /Nested ARRAY depth/],
  ['a type that there is not', pair(77, Buffer.alloc(64)), /Unsupported metadata type: 77/],
  ['a name of 2^60', Buffer.concat([head(0n, 1n), u64(2n ** 60n), Buffer.alloc(64)]), /exceeds/],
  ['a header of 34 MB', Buffer.concat([head(0n, 34n), wide]), /its header is larger than 32 MiB/],
  ['no architecture', plain({ 'general.name': { text: 'x' } }), /it names no architecture/],
  ['an evil architecture', plain({ 'general.architecture': { text: '\x1b[2J' } }), /it names no architecture/],
  ['no layers', plain({ 'general.architecture': { text: 'llama' } }), /does not say llama\.block_count/],
  ['4 billion layers', layers(0xffff_ffff), /its llama\.block_count is 4294967295/],
  ['no layer', layers(0), /its llama\.block_count is 0/],
  ['a dimension of 2^60', Buffer.concat([head(1n, 0n), text('x'), u32(1), u64(2n ** 60n), Buffer.alloc(64)]), /dimension 0 is 1152921504606846976/], // prettier-ignore
]

t.test('damaged and hostile files are told in one sentence, quickly', async (t) => {
  const cwd = t.testdir({})
  for (const [name, file, says] of CASES) {
    writeFileSync(join(cwd, 'x.gguf'), file)
    const start = process.hrtime.bigint()
    const { code, out, err } = await runHere(['models', 'show', 'x.gguf'], { cwd })
    const ms = Number(process.hrtime.bigint() - start) / 1e6
    t.equal(code, 1, name)
    t.equal(out, '', name)
    t.match(unwrapped(err), says, name)
    t.match(err, /^turnout models show: x\.gguf: /, name)
    t.notMatch(err, '\x1b', name)
    t.ok(ms < 15_000, `${name}: ${ms} ms`)
  }
})

t.test('a file that is cut anywhere is never taken for a whole one', async (t) => {
  const cwd = t.testdir({})
  const path = join(cwd, 'x.gguf')
  const header = whole.indexOf('blk.1.ffn_down') + 64
  const cuts = [...Array.from({ length: 60 }, (_, index) => Math.floor((header * index) / 60)), header, whole.length - 5000, whole.length - 1] // prettier-ignore
  for (const size of cuts) {
    writeFileSync(path, whole.subarray(0, size))
    const { code, out, err } = await runHere(['models', 'show', 'x.gguf'], { cwd })
    t.strictSame([code, out], [1, ''], `${size} of ${whole.length} bytes`)
    t.match(unwrapped(err), /it is empty|begins with|ends within its header|ends before its tensors do|a length in it points beyond its end/, `${size}: ${err}`) // prettier-ignore
  }
  writeFileSync(path, whole)
  t.equal((await runHere(['models', 'show', 'x.gguf'], { cwd })).code, 0)
})

t.test('no byte that is turned over ends in a stack', async (t) => {
  const cwd = t.testdir({})
  const path = join(cwd, 'x.gguf')
  const header = whole.indexOf('blk.1.ffn_down') + 64
  for (let index = 0; index < 160; index++) {
    const file = Buffer.from(whole)
    file[Math.floor((index * header) / 160)]! ^= 0xff
    writeFileSync(path, file)
    const { code, err } = await runHere(['models', 'show', 'x.gguf'], { cwd })
    t.ok(code === 0 || (code === 1 && err.startsWith('turnout models show: x.gguf: ')), `byte ${index}: ${code} ${err}`)
  }
})

t.test('a folder, a file that is not there and one of another byte order', async (t) => {
  const cwd = t.testdir({})
  mkdirSync(join(cwd, 'folder.gguf'))
  t.match(await runHere(['models', 'show', 'folder.gguf'], { cwd }), { code: 1, err: /folder\.gguf: it is not a file/ })
  t.match(await runHere(['models', 'show', './none.gguf'], { cwd }), { code: 1, err: /there is no such file/ })
  const big = new GgufWriter(true).file(
    {
      'general.architecture': { text: 'llama' },
      'llama.block_count': { u32: 2 },
      'llama.embedding_length': { u32: 64 },
      'llama.attention.head_count': { u32: 4 },
      'llama.context_length': { u64: 4096n },
    },
    [{ name: 'token_embd.weight', shape: [64, 8] }],
  )
  writeFileSync(join(cwd, 'big.gguf'), big)
  const { code, out } = await runHere(['models', 'show', 'big.gguf'], { cwd })
  t.equal(code, 0)
  t.match(unwrapped(out), /big-endian: only engines on big-endian machines read it/)
})
