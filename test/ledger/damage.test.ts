import { copyFile, mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { crc32 } from 'node:zlib'
import type { LedgerEvent } from '../../src/core/events.ts'
import { BLOCK_MARK, FILE_HEAD, FILE_HEAD_BYTES } from '../../src/ledger/block-head.ts'
import { catchUp } from '../../src/ledger/catch-up.ts'
import { DamageCount } from '../../src/ledger/damage.ts'
import type { PendingBlock } from '../../src/ledger/pending.ts'
import { SegmentWriter } from '../../src/ledger/writer.ts'
import { eventually } from '../support/await.ts'
import { seeded } from '../support/random.ts'
import { decided } from '../support/records.ts'
import { ANSWERED, FAILED, finished } from './finished.ts'
import { idsOf, opened, rowsIn } from './opened.ts'

/** The path of the only segment. */
const only = async (folder: string): Promise<string> => join(folder, (await readdir(folder))[0]!)

const ROWS = 3

/** A segment with a block for each id, of so many rows. */
async function segmentOf(t: Test, ids: readonly string[]) {
  const folder = t.testdir({})
  const { ledger } = await opened(folder)
  for (const [index, id] of ids.entries()) {
    ledger.onCompleted(finished({ id, attempts: [FAILED, ANSWERED], decision: decided({ route: 'é' }) }))
    await eventually(3000, 'it is written', () => ledger.state().writtenRows === ROWS * (index + 1))
  }
  await ledger.close()
  const path = await only(folder)
  const bytes = await readFile(path)
  const starts: number[] = []
  for (let at = bytes.indexOf(BLOCK_MARK); at >= 0; at = bytes.indexOf(BLOCK_MARK, at + 1)) starts.push(at)
  t.equal(starts.length, ids.length)
  t.equal(starts[0], FILE_HEAD_BYTES)
  return { folder, path, bytes, starts, lastSeq: ledger.seq }
}

/** What can be read of it, and what is said of the rest. */
async function readingOf(folder: string, decisions = false) {
  const count = new DamageCount()
  let ids = ''
  for (let twice = 0; twice < 2; twice++) ids = idsOf(await rowsIn(folder, { decisions, onDamage: count.add })).join()
  return { ids, damaged: count.damaged, torn: count.torn, first: count.first }
}

t.test('torn at every byte: whole blocks are there, the torn one is counted, and the next run goes on', async (t) => {
  const { folder, path, bytes, starts, lastSeq } = await segmentOf(t, ['one', 'two', 'three'])
  const whole = ['', 'one', 'one,two']
  for (let length = bytes.length - 1; length >= 0; length--) {
    await truncate(path, length)
    const complete = starts.filter((start) => start <= length).length - (length < FILE_HEAD_BYTES ? 0 : 1)
    const isBetween = length === 0 || starts.includes(length)
    const { ids, damaged, torn } = await readingOf(folder, length % 2 === 0)
    if (ids !== whole[complete] || damaged > 0 || torn > 0 === isBetween)
      t.fail(`cut at ${length}: ${ids}, ${damaged} damaged, ${torn} torn`)
  }
  await writeFile(path, bytes.subarray(0, -5))
  t.strictSame(await readingOf(folder), { ids: 'one,two', damaged: 0, torn: ROWS, first: null })
  const { ledger } = await opened(folder)
  t.equal(ledger.seq, lastSeq, 'the numbers of what was torn are not given again')
  ledger.onCompleted(finished({ id: 'four' }))
  await ledger.close()
  t.strictSame(idsOf(await rowsIn(folder)), ['one', 'two', 'four'])
  await writeFile(path, Buffer.concat([bytes.subarray(0, starts[2]), Buffer.alloc(5000)]))
  t.strictSame(await readingOf(folder), { ids: 'one,two,four', damaged: 0, torn: 1, first: null }, 'only zeros')
})

t.test('a wrong bit anywhere costs the block that it is in, and is told', async (t) => {
  const { folder, path, bytes, starts } = await segmentOf(t, ['one', 'two', 'three'])
  const ids = ['one', 'two', 'three']
  const random = seeded(5)
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at]! ^= 1 << Math.floor(random() * 8)
    await writeFile(path, changed)
    const hit = starts.findLastIndex((start) => start <= at)
    const place = `${basename(path)}:${starts[hit] ?? 0}`
    const left = ids.filter((_, index) => index !== hit).join()
    const found = await readingOf(folder, at % 2 === 0)
    if (found.ids !== left || found.first !== place || ![1, ROWS].includes(found.damaged) || found.torn > 0)
      t.fail(`byte ${at}: ${JSON.stringify(found)}`)
  }
})

t.test('whatever is in the way, blocks behind it are found', async (t) => {
  const { folder, path, bytes, starts } = await segmentOf(t, ['one', 'two', 'three'])
  const [first, second, third] = starts as [number, number, number]
  const between = (from: number, to?: number): Buffer => bytes.subarray(from, to)
  const [head, one, two, three] = [between(0, first), between(first, second), between(second, third), between(third)]
  for (const [label, parts, left, damaged, torn] of [
    ['bytes too much', [head, one, Buffer.from('what is this?'), two, three], 'one,two,three', 1, 0],
    ['more of them than are read at once', [head, one, Buffer.alloc(600_000, 7), two, three], 'one,two,three', 1, 0],
    ['marks of blocks', [head, one, BLOCK_MARK, BLOCK_MARK, two, three], 'one,two,three', 1, 0],
    ['zeros', [head, one, Buffer.alloc(600_000), three], 'one,three', 1, 0],
    ['a block that is cut', [head, one.subarray(0, -7), two, three], 'two,three', ROWS, 0],
    ['a head that is cut', [head, one.subarray(0, 20), two, three], 'two,three', 1, 0],
    ['a block that is missing', [head, one, three], 'one,three', 0, 0],
    ['no head of the file', [one, two, three], 'one,two,three', 1, 0],
    ['a block twice', [head, one, one, two, three], 'one,two,three', 0, 0],
    ['no block at all', [Buffer.from('not a ledger, but some other file')], '', 1, 0],
    ['nothing', [], '', 0, 0],
    ['a beginning', [head.subarray(0, 5)], '', 0, 1],
  ] as const) {
    await writeFile(path, Buffer.concat([...parts]))
    const found = await readingOf(folder)
    t.strictSame([found.ids, found.damaged, found.torn], [left, damaged, torn], label)
  }
})

t.test('a segment of a later version is left alone, and that is said', async (t) => {
  const { folder, path, bytes } = await segmentOf(t, ['one', 'two'])
  const newer = Buffer.from(bytes)
  newer.writeUInt32LE(bytes.readUInt32LE(8) + 1, 8)
  newer.writeUInt32LE(crc32(newer.subarray(0, 12)), 12)
  await writeFile(path, newer)
  const count = new DamageCount()
  t.strictSame(await rowsIn(folder, { onDamage: count.add }), [])
  t.strictSame([count.newer, count.damaged, count.torn], [1, 0, 0])
  const told: LedgerEvent[] = []
  const sessions = { replay: () => undefined }
  await catchUp(
    folder,
    { budgets: null, recent: [sessions] },
    { damage: new DamageCount(), emit: (event) => told.push(event) },
  )
  t.strictSame(told, [{ event: 'ledger_newer', files: 1 }])
})

t.test('a block that is in two segments counts once', async (t) => {
  const folder = t.testdir({})
  const { ledger } = await opened(folder)
  for (const id of ['one', 'two']) ledger.onCompleted(finished({ id }))
  await ledger.close()
  const path = await only(folder)
  await copyFile(path, path.replace(/T\d{6}Z/, 'T000001Z'))
  t.equal((await readdir(folder)).length, 2)
  t.strictSame(idsOf(await rowsIn(folder)), ['one', 'two'])
})

const block = (text: string, firstSeq: number): PendingBlock => ({
  bytes: Buffer.from(text),
  rows: 1,
  firstSeq,
  startedAt: 1_000_000_000_000,
  slot: 1,
})

const HEAD = FILE_HEAD.toString('latin1')

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
  await writeFile(path, `${HEAD}one\ntw`, 'latin1')
  await writer.append(block('two\n', 2))
  t.equal(await readFile(path, 'latin1'), `${HEAD}one\ntwo\n`)
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
