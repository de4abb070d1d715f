import { copyFile, mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { SegmentWriter } from '../../src/ledger/writer.ts'
import type { Block } from '../../src/ledger/pending.ts'
import { account, ANSWERED, FAILED } from './accounts.ts'
import { idsOf, opened, rowsIn } from './opened.ts'

/** The path of the only segment. */
const only = async (folder: string): Promise<string> => join(folder, (await readdir(folder))[0]!)

t.test(
  'torn at every byte of the last request: it is not there, all others are, and the next run goes on',
  async (t) => {
    const folder = t.testdir({})
    const first = await opened(folder)
    first.ledger.settled(account({ request: { id: 'one' } }))
    first.ledger.settled(account({ request: { id: 'two' }, attempts: [FAILED, ANSWERED], record: { route: 'é' } }))
    await first.ledger.close()
    const path = await only(folder)
    const whole = await readFile(path)
    const end = whole.indexOf(10, whole.indexOf('"kind":"request"')) + 1
    t.ok(whole.length - end > 800)
    for (let length = whole.length - 1; length >= end; length--) {
      await truncate(path, length)
      const rows = await rowsIn(folder, { decisions: length % 2 === 0 })
      if (idsOf(rows).join() !== 'one' || rows.length !== 2) t.fail(`cut at ${length}: ${rows.length} rows`)
    }
    await writeFile(path, whole.subarray(0, whole.length - 5))
    const second = await opened(folder)
    second.ledger.settled(account({ request: { id: 'three' } }))
    await second.ledger.close()
    const rows = await rowsIn(folder)
    t.strictSame(idsOf(rows), ['one', 'three'])
    t.ok(rows[3]!.seq > first.ledger.seq, 'the numbers of what was torn are not given again')
  },
)

t.test('damage in the middle costs the request that it hit', async (t) => {
  const folder = t.testdir({})
  const { ledger } = await opened(folder)
  for (const id of ['one', 'two', 'three']) ledger.settled(account({ request: { id } }))
  await ledger.close()
  const path = await only(folder)
  const lines = (await readFile(path, 'utf8')).split('\n')
  for (const damage of ['', '{"kind":"request"', 'null', '{"kind":"attempt","seq":"x"}', '\u0000\u0000']) {
    await writeFile(path, lines.with(2, damage).join('\n'))
    t.strictSame(idsOf(await rowsIn(folder)), ['one', 'three'])
  }
  await writeFile(path, lines.toSpliced(2, 1).join('\n'))
  t.strictSame(idsOf(await rowsIn(folder)), ['one', 'three'], 'an attempt is missing')
})

t.test('a block that is in two segments counts once', async (t) => {
  const folder = t.testdir({})
  const { ledger } = await opened(folder)
  for (const id of ['one', 'two']) ledger.settled(account({ request: { id } }))
  await ledger.close()
  const path = await only(folder)
  await copyFile(path, path.replace(/T\d{6}Z/, 'T000001Z'))
  t.equal((await readdir(folder)).length, 2)
  t.strictSame(idsOf(await rowsIn(folder)), ['one', 'two'])
})

const block = (text: string, firstSeq: number): Block => ({
  bytes: Buffer.from(text),
  rows: 1,
  firstSeq,
  startedAt: 1_000_000_000_000,
  slot: 1,
})

t.test('what a failed write left behind is cut off before the next one', async (t) => {
  const folder = t.testdir({})
  const writer = new SegmentWriter(folder, '0123abcd', 1000)
  await writer.append(block('one\n', 1))
  const path = await only(folder)
  await rename(path, join(folder, 'aside'))
  await mkdir(path)
  await t.rejects(writer.append(block('two\n', 2)), { code: 'EISDIR' })
  await rm(path, { recursive: true })
  await rename(join(folder, 'aside'), path)
  await writeFile(path, 'one\ntw')
  await writer.append(block('two\n', 2))
  t.equal(await readFile(path, 'utf8'), 'one\ntwo\n')
  t.ok(writer.unsynced)
  await writer.sync()
  t.notOk(writer.unsynced)
})

t.test('segments end at their size', async (t) => {
  const folder = t.testdir({})
  const writer = new SegmentWriter(folder, '0123abcd', 1000)
  for (let i = 1; i <= 10; i++) await writer.append(block(`${'x'.repeat(399)}\n`, i))
  await writer.append(block(`${'y'.repeat(5000)}\n`, 11))
  t.equal((await readdir(folder)).length, 6, 'two in each, and one that is larger than a segment')
})
