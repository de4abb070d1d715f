import { readdir, readlink, stat, utimes, writeFile } from 'node:fs/promises'
import t from 'tap'
import { prune } from '../../src/ledger/prune.ts'
import { entriesOf } from '../../src/ledger/read.ts'
import { segmentIn } from '../../src/ledger/segments.ts'
import { eventually } from '../support/await.ts'
import { finished } from './finished.ts'
import { decided } from '../support/records.ts'
import { idsOf, opened, rowsIn } from './opened.ts'

t.test('two gateways in one folder: all rows of both, in order', async (t) => {
  const folder = t.testdir({})
  const [one, two] = [await opened(folder), await opened(folder)]
  for (let i = 0; i < 2000; i++)
    for (const [name, { ledger }] of Object.entries({ one, two }))
      ledger.onCompleted(finished({ id: `${name}-${i}`, endedAt: 1_700_000_000_000 + i * 10 }))
  await Promise.all([one.ledger.close(), two.ledger.close()])
  const rows = await rowsIn(folder)
  t.equal(rows.length, 8000)
  t.equal(new Set(rows.map(({ writer, seq }) => `${writer} ${seq}`)).size, 8000)
  t.ok(rows.every(({ at }, i) => i === 0 || at >= rows[i - 1]!.at))
})

t.test('it is read while it is written: whole requests, each once', async (t) => {
  const folder = t.testdir({})
  const { ledger } = await opened(folder)
  const decision = decided({ affinity: 'x'.repeat(2000) })
  let settled = 0
  const load = setInterval(() => {
    for (let i = 0; i < 40; i++) ledger.onCompleted(finished({ id: String(settled++), decision }))
  }, 2)
  let reads = 0
  await eventually(10_000, 'some thousand rows', async () => {
    const ids = idsOf(await rowsIn(folder))
    if (!ids.every((id, at) => id === String(at))) t.fail('a hole, or one twice')
    reads++
    return ids.length > 4000
  })
  clearInterval(load)
  await ledger.close()
  t.ok(reads > 2)
  t.equal(idsOf(await rowsIn(folder)).length, settled)
})

t.test('a reader that stops early leaves nothing open', async (t) => {
  const folder = t.testdir({})
  const { ledger } = await opened(folder)
  for (let i = 0; i < 5000; i++) ledger.onCompleted(finished())
  await ledger.close()
  for await (const { row } of entriesOf(folder)) if (row.kind === 'request') break
  const handles = await readdir('/proc/self/fd').catch(() => [])
  const links = await Promise.all(handles.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  t.notOk(links.some((link) => link.startsWith(folder)))
})

const DAY = 86_400_000

t.test('pruning: by age, then by size, the oldest first; nothing but segments', async (t) => {
  const folder = t.testdir({ 'notes.txt': 'x'.repeat(5000) })
  const now = Date.parse('2026-06-10T00:00:00Z')
  const paths: string[] = []
  for (let day = 9; day >= 0; day--) {
    const at = now - day * DAY
    const { path: blocks } = segmentIn(folder, at, at * 1000, '0123abcd')
    const path = day % 2 === 0 ? blocks : blocks.replace(/\.ledger$/, '.jsonl')
    await writeFile(path, 'x'.repeat(1000))
    await utimes(path, at / 1000, at / 1000)
    paths.push(path)
  }
  const current = paths.at(-1)!
  const left = async (): Promise<number> => (await readdir(folder)).length - 1
  t.strictSame(await prune({ folder, keepMs: null, maxBytes: null }, current, now), { segments: 0, bytes: 0 })
  t.strictSame(await prune({ folder, keepMs: 6.5 * DAY, maxBytes: null }, current, now), { segments: 3, bytes: 3000 })
  t.strictSame(await prune({ folder, keepMs: 6.5 * DAY, maxBytes: 4500 }, current, now), { segments: 3, bytes: 3000 })
  t.equal(await left(), 4)
  await t.rejects(stat(paths[5]!))
  await t.resolves(stat(paths[6]!))
  t.strictSame(await prune({ folder, keepMs: null, maxBytes: 1 }, current, now), { segments: 3, bytes: 3000 })
  t.equal(await left(), 1, 'the one that is written stays')
  await prune({ folder, keepMs: 1, maxBytes: null }, current, now + 10)
  t.equal(await left(), 0, 'unless it is too old')
})

t.test('a ledger keeps to its size', async (t) => {
  const folder = t.testdir({})
  const { ledger } = await opened(folder)
  const decision = decided({ affinity: 'x'.repeat(5000) })
  for (let i = 0; i < 2000; i++) ledger.onCompleted(finished({ id: String(i), decision }))
  await ledger.close()
  // The next run prunes at its start.
  const next = await opened(folder, { maxBytes: 4_000_000 })
  await eventually(3000, 'it has pruned', () => next.told.some(({ event }) => event === 'ledger_pruned'))
  await next.ledger.close()
  t.ok((await rowsIn(folder)).length < 2000 * 2)
})
