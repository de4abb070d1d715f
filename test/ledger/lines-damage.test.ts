/** Damage in segments of JSON lines, which earlier versions wrote. */
import { readFile, truncate, writeFile } from 'node:fs/promises'
import t from 'tap'
import { DamageCount } from '../../src/ledger/damage.ts'
import { lastSeq } from '../../src/ledger/last-seq.ts'
import { decided } from '../support/records.ts'
import { ANSWERED, FAILED, finished } from './finished.ts'
import { linesSegment } from './lines.ts'
import { idsOf, opened, rowsIn } from './opened.ts'

t.test(
  'torn at every byte of the last request: it is not there, all others are, and the next run goes on',
  async (t) => {
    const folder = t.testdir({})
    const two = finished({ id: 'two', attempts: [FAILED, ANSWERED], decision: decided({ route: 'é' }) })
    const path = await linesSegment(folder, [finished({ id: 'one' }), two])
    const whole = await readFile(path)
    const last = await lastSeq(folder)
    const end = whole.indexOf(10, whole.indexOf('"kind":"request"')) + 1
    t.ok(whole.length - end > 800)
    for (let length = whole.length - 1; length >= end; length--) {
      await truncate(path, length)
      const rows = await rowsIn(folder, { decisions: length % 2 === 0 })
      if (idsOf(rows).join() !== 'one' || rows.length !== 2) t.fail(`cut at ${length}: ${rows.length} rows`)
    }
    await writeFile(path, whole.subarray(0, whole.length - 5))
    const second = await opened(folder)
    second.ledger.onCompleted(finished({ id: 'three' }))
    await second.ledger.close()
    const rows = await rowsIn(folder)
    t.strictSame(idsOf(rows), ['one', 'three'])
    t.ok(rows[3]!.seq > last, 'the numbers of what was torn are not given again')
  },
)

t.test('damage in the middle costs the request that it hit', async (t) => {
  const folder = t.testdir({})
  const path = await linesSegment(
    folder,
    ['one', 'two', 'three'].map((id) => finished({ id })),
  )
  const lines = (await readFile(path, 'utf8')).split('\n')
  for (const damage of ['', '{"kind":"request"', 'null', '{"kind":"attempt","seq":"x"}', '\u0000\u0000']) {
    await writeFile(path, lines.with(2, damage).join('\n'))
    t.strictSame(idsOf(await rowsIn(folder)), ['one', 'three'])
  }
  await writeFile(path, lines.toSpliced(2, 1).join('\n'))
  t.strictSame(idsOf(await rowsIn(folder)), ['one', 'three'], 'an attempt is missing')
})

t.test('what is left out is counted: each damaged line, and the torn end apart', async (t) => {
  const folder = t.testdir({})
  const path = await linesSegment(
    folder,
    ['one', 'two', 'three'].map((id) => finished({ id, attempts: [FAILED, ANSWERED] })),
  )
  const lines = (await readFile(path, 'utf8')).split('\n')
  const row = lines[3]!
  const attempt = (field: string, value: string): string =>
    row.replace(new RegExp(`"${field}":[^,]+`), `"${field}":${value}`)
  // Lines 4, 5 and 6 are of the second request: one that cannot be read costs all three.
  for (const [label, changed, damaged, torn, left] of [
    ['nothing', lines, 0, 0, 3],
    ['an empty line', lines.with(4, ''), 3, 0, 2],
    ['half a line', lines.with(4, row.slice(0, 40)), 3, 0, 2],
    ['no JSON', lines.with(3, '\u0000\u0000'), 3, 0, 2],
    ['another JSON', lines.with(5, '[]'), 3, 0, 2],
    ['a number that is a text', lines.with(3, attempt('seq', '"x"')), 3, 0, 2],
    ['a cost that is a text', lines.with(3, attempt('cost_usd', '"much"')), 3, 0, 2],
    ['a cost below nothing', lines.with(3, attempt('cost_usd', '-1')), 3, 0, 2],
    [
      'tokens that are none',
      lines.with(3, row.replace(/"tokens":(null|\{[^}]*\})/, '"tokens":{"input":null}')),
      3,
      0,
      2,
    ],
    ['a time that is none', lines.with(3, attempt('at', '"soon"')), 3, 0, 2],
    ['a line too much', lines.toSpliced(3, 0, 'x'), 1, 0, 3],
    ['a row that is missing', lines.toSpliced(4, 1), 2, 0, 2],
    ['a request that is missing', lines.toSpliced(5, 1), 2, 0, 2],
    ['a torn end', [...lines.slice(0, 8), lines[8]!.slice(0, 30)], 0, 3, 2],
    ['an end without its request', [...lines.slice(0, 8), ''], 0, 2, 2],
    ['both', [...lines.with(0, 'x').slice(0, 8), ''], 3, 2, 1],
  ] as const) {
    await writeFile(path, changed.join('\n'))
    const count = new DamageCount()
    for (let twice = 0; twice < 2; twice++)
      t.equal(idsOf(await rowsIn(folder, { onDamage: count.add })).length, left, label)
    t.strictSame([count.damaged, count.torn], [damaged, torn], `${label}: each line once, however often it is read`)
    t.equal(count.files, damaged > 0 ? 1 : 0)
    if (damaged > 0) t.match(count.first, /^\d{8}T.*\.jsonl:\d$/)
  }
})
