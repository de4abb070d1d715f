import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Blocks } from '../../src/observe/log/blocks.ts'
import { eventually, within } from '../support/await.ts'

t.test('lines come in order, by themselves, and nothing is left after a flush', async (t) => {
  const file = join(t.testdir({}), 'log')
  const fd = openSync(file, 'w')
  t.teardown(() => closeSync(fd))
  const blocks = new Blocks(fd, 1000)
  let wanted = ''
  const add = (text: string): void => {
    wanted += `${text}\n`
    blocks.write(`${text}\n`)
  }
  add('a quiet line')
  await eventually(3_000, 'it is written', () => readFileSync(file, 'utf8') === wanted)
  for (let i = 0; i < 20_000; i++) add(`line ${i} é`)
  await eventually(
    3_000,
    'all but the last block',
    () => readFileSync(file).length > Buffer.byteLength(wanted) - 70_000,
  )
  add('the last')
  await blocks.flush()
  t.equal(readFileSync(file, 'utf8'), wanted)
  add('after the last')
  await blocks.flush()
  t.equal(readFileSync(file, 'utf8'), wanted)
})

const MODULE = new URL('../../src/observe/log/blocks.js', import.meta.url).href

/** Writes blocks to standard output, waits until its reader has done what it does, and flushes. */
const WRITER = `
  import { Blocks } from '${MODULE}'
  const blocks = new Blocks(1, 1000)
  process.stdin.once('data', () => {
    for (let i = 0; i < 5000; i++) blocks.write('x'.repeat(99) + '\\n')
    setTimeout(() => {
      process.stderr.write('full')
      blocks.write('last\\n')
      blocks.flush().then(() => process.exit(7))
    }, 300)
  })
  process.stderr.write('ready')`

t.test('a reader that is gone: no fault, and no waiting', async (t) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER], { stdio: ['pipe', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  await once(child.stderr, 'data')
  child.stdout.destroy()
  child.stdin.write('go')
  t.same(await within(3_000, 'the exit', exited), [7, null])
})

t.test('a reader that is slow gets everything', async (t) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER], { stdio: ['pipe', 'pipe', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stderr, 'data')
  child.stdin.write('go')
  await once(child.stderr, 'data')
  let text = ''
  child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()))
  await within(3_000, 'the end', once(child, 'close'))
  t.equal(text, `${'x'.repeat(99)}\n`.repeat(5000) + 'last\n')
})
