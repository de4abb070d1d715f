import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fileSource } from '../../src/cli/gguf/file-source.ts'
import { openGguf } from '../../src/gguf/open-gguf.ts'
import { type Asked, memoryFor } from '../../src/gguf/memory.ts'
import { modelShape } from '../../src/gguf/model-shape.ts'
import type { CacheType } from '../../src/gguf/tensor-types.ts'
import { freePort, missing } from '../support/engines.ts'
import { gemmaGguf, llamaGguf } from '../support/gguf-file.ts'

/** What llama.cpp says at its start, in MiB: sums over its buffers of that kind. */
interface Reserved {
  readonly weights: number
  readonly cache: number
  readonly compute: number
}

const sum = (log: string, pattern: RegExp): number =>
  [...log.matchAll(pattern)].reduce((all, [, mib]) => all + Number(mib), 0)

async function reserved(model: string, args: readonly string[]): Promise<Reserved> {
  const usual = ['--host', '127.0.0.1', '--port', String(await freePort()), '-t', '1', '--no-ui', '--offline', '--no-warmup', '-lv', '4'] // prettier-ignore
  const child = spawn(process.env['TURNOUT_TEST_LLAMA'] ?? '', ['-m', model, ...usual, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr.on('data', (bytes: Buffer) => {
    log += bytes.toString()
    // Asked to end in order it can hang for ever: it has said all that is read here.
    if (/listening on|error/.test(log)) child.kill('SIGKILL')
  })
  await once(child, 'close')
  return {
    weights: sum(log, /model buffer size = +([\d.]+) MiB/g),
    cache: sum(log, /KV buffer size = +([\d.]+) MiB/g),
    compute: sum(log, /compute buffer size = +([\d.]+) MiB/g),
  }
}

const plain = { context: 8192, slots: 1, cacheK: 'f16', cacheV: 'f16' } as const

const CASES: readonly (readonly [name: string, file: Buffer, asked: Asked])[] = [
  ['all heads', llamaGguf({ layers: 2, width: 192, heads: 6, kvHeads: 6 }), { ...plain, context: 4096 }],
  ['grouped heads', llamaGguf({ layers: 5, width: 512, heads: 8, kvHeads: 2 }), plain],
  ['one KV head', llamaGguf({ layers: 3, width: 256, heads: 4, kvHeads: 1 }), { ...plain, context: 32_768 }],
  ['keys in q8_0', llamaGguf({ layers: 5, width: 512, heads: 8, kvHeads: 4 }), { ...plain, cacheK: 'q8_0' }],
  ['both in q4_0', llamaGguf({ layers: 5, width: 512, heads: 8, kvHeads: 4 }), { ...plain, cacheK: 'q4_0', cacheV: 'q4_0' }],
  ['three conversations', llamaGguf({ layers: 4, width: 256, heads: 4, kvHeads: 2 }), { ...plain, context: 2048, slots: 3 }],
  ['a context between', llamaGguf({ layers: 4, width: 256, heads: 4, kvHeads: 2 }), { ...plain, context: 1000 }],
  ['sliding windows', gemmaGguf({ layers: 8, width: 256, heads: 4, kvHeads: 1, window: 512 }), { ...plain, context: 16_384 }],
  ['windows of two', gemmaGguf({ layers: 14, width: 256, heads: 4, kvHeads: 2, window: 1024 }), { ...plain, context: 8192, slots: 2 }],
] // prettier-ignore

t.test('weights and KV cache are what a real llama.cpp reserves', { skip: missing('llama') }, async (t) => {
  const folder = t.testdir({})
  for (const [name, file, asked] of CASES) {
    const path = join(folder, `${name}.gguf`)
    writeFileSync(path, file)
    const source = await fileSource(path)
    const opened = await openGguf(source)
    await source.close()
    const memory = memoryFor(modelShape([opened]), opened.weightBytes, asked)
    const types: readonly CacheType[] = [asked.cacheK, asked.cacheV]
    const flags = ['-c', String(asked.context * asked.slots), '-np', String(asked.slots), '-ctk', types[0]!, '-ctv', types[1]!] // prettier-ignore
    const seen = await reserved(path, flags)
    const mib = (bytes: number): number => bytes / 1024 ** 2
    t.ok(seen.cache > 0, `${name}: its log says what it reserves`)
    t.ok(Math.abs(mib(memory.weights) - seen.weights) < 0.02 * seen.weights, `${name}: weights ${mib(memory.weights)}, ${seen.weights}`) // prettier-ignore
    t.ok(Math.abs(mib(memory.cache) - seen.cache) < 0.02 * seen.cache, `${name}: KV cache ${mib(memory.cache)}, ${seen.cache}`) // prettier-ignore
    // An estimate: buffers of the computation.
    t.ok(Math.abs(mib(memory.compute) - seen.compute) < 0.25 * seen.compute, `${name}: compute ${mib(memory.compute)}, ${seen.compute}`) // prettier-ignore
  }
})
