import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Arm } from '../../src/core/arm.ts'
import { ModelStats } from '../../src/decision/learn/model-stats.ts'
import { learnQuality, learnValidity, successOf } from '../../src/decision/learn/success.ts'
import { storedStats } from '../../src/decision/learn/state.ts'
import type { StateFileEvent } from '../../src/core/events.ts'
import { StateFile } from '../../src/store/state-file.ts'
import { facts } from '../support/factories.ts'
import { lesson, features, THREE } from '../support/features.ts'

interface Book {
  readonly lessons: ModelStats
  readonly file: StateFile
  readonly told: StateFileEvent[]
}

function book(path: string, topics = THREE): Book {
  const lessons = new ModelStats(topics)
  const told: StateFileEvent[] = []
  return { lessons, told, file: new StateFile(path, storedStats(lessons), (event) => told.push(event)) }
}

const arm = (lessons: ModelStats, model = 'm'): Arm => lessons.armsOf(model, facts({ quality: { default: 0.5 } }))[0]!

/** One answer with feedback. */
function learn(lessons: ModelStats, id: string, model = 'm'): void {
  const one = lesson({ requestId: id })
  lessons.learn({ ...one, target: { ...one.target, arm: arm(lessons, model) } })
  lessons.judge(id, 'anybody', 1)
}

const place = (t: Test): string => join(t.testdir({}), 'state.json')

t.test('what was learnt survives a restart', async (t) => {
  const path = place(t)
  const first = book(path)
  await first.file.load()
  t.strictSame(first.told, [], 'there is no file at the first start, which is nothing to tell')
  for (let i = 0; i < 40; i++) learn(first.lessons, `${i}`)
  first.file.start()
  await first.file.stop()
  const second = book(path)
  await second.file.load()
  t.strictSame(second.told, [{ event: 'state_loaded', file: path }])
  const [before, after] = [successOf(arm(first.lessons), features()), successOf(arm(second.lessons), features())]
  t.ok(before > 0.8, 'it was taught')
  t.ok(Math.abs(after / before - 1) < 1e-4, `${after}, not ${before}`)
  learn(second.lessons, 'more')
  await second.file.stop()
  const third = book(path)
  await third.file.load()
  t.ok(Math.abs(arm(third.lessons).quality.total - arm(second.lessons).quality.total) < 1e-3)
  t.ok(arm(third.lessons).quality.total > arm(first.lessons).quality.total, 'and goes on from there')
})

t.test('a reader never sees half a file', async (t) => {
  const path = place(t)
  const { lessons, file } = book(path)
  for (let i = 0; i < 200; i++) {
    const one = arm(lessons, `model-${i}`)
    learnValidity(one, features(), true)
    learnQuality(one, features({ vector: Array.from({ length: 60 }, (_, at) => at / 60) }), 1)
  }
  lessons.changed = true
  await file.save()
  let reading = true
  let reads = 0
  const reader = (async (): Promise<void> => {
    while (reading) {
      const text = await readFile(path, 'utf8')
      t.doesNotThrow(() => JSON.parse(text) as unknown)
      reads++
    }
  })()
  for (let round = 0; round < 15; round++) {
    learn(lessons, `${round}`)
    await file.save()
  }
  reading = false
  await reader
  t.ok(reads > 5, `${reads} reads between the writes`)
  t.strictSame(await readdir(join(path, '..')), ['state.json'], 'no draft is left')
})

t.test('saves that come together write one after the other', async (t) => {
  const path = place(t)
  const { lessons, file, told } = book(path)
  const saves = Array.from({ length: 20 }, (_, i) => {
    learn(lessons, `${i}`)
    return file.save()
  })
  await Promise.all(saves)
  t.strictSame(told, [])
  const again = book(path)
  await again.file.load()
  t.ok(Math.abs(arm(again.lessons).quality.total - arm(lessons).quality.total) < 1e-3)
})

t.test('nothing is written when nothing changed', async (t) => {
  const path = place(t)
  const { lessons, file } = book(path)
  arm(lessons)
  await file.stop()
  t.strictSame(await readdir(join(path, '..')), [], 'nor at the end')
  learn(lessons, 'a')
  await file.save()
  await writeFile(path, 'mine')
  await file.save()
  await file.stop()
  t.equal(await readFile(path, 'utf8'), 'mine')
  learn(lessons, 'b')
  await file.stop()
  t.not(await readFile(path, 'utf8'), 'mine')
})

t.test('a missing folder is made', async (t) => {
  const path = join(t.testdir({}), 'not', 'yet', 'state.json')
  const { lessons, file, told } = book(path)
  await file.load()
  learn(lessons, 'a')
  await file.save()
  t.strictSame(told, [])
  t.match(JSON.parse(await readFile(path, 'utf8')), { version: 2 })
})

for (const [name, text, why] of [
  ['no JSON', '{"version":1,', /JSON/],
  ['empty', '', /JSON/],
  ['another version', '{"version":9,"topics":"","arms":{},"tokenizers":{}}', /version/],
  ['something else', '[1,2,3]', /version/],
  [
    'impossible numbers',
    '{"version":1,"topics":"","arms":{},"tokenizers":{"m":{"count":5,"mean":999,"deviation":0}}}',
    /tokenizers\.m\.mean/,
  ],
] as const)
  t.test(`a file of no use is set aside: ${name}`, async (t) => {
    const path = place(t)
    await writeFile(path, text)
    const { lessons, file, told } = book(path)
    await file.load()
    t.match(told, [{ event: 'state_set_aside', file: `${path}.unusable`, why }])
    t.equal(await readFile(`${path}.unusable`, 'utf8'), text, 'as it was')
    learn(lessons, 'a')
    await file.stop()
    t.match(JSON.parse(await readFile(path, 'utf8')), { version: 2 }, 'and a new one takes its place')
  })

t.test('of another classifier: set aside, tokenizers kept', async (t) => {
  const path = place(t)
  const first = book(path)
  learn(first.lessons, 'a')
  first.lessons.calibrationOf('m').count = 7
  await first.file.save()
  const second = book(path, { topics: ['math', 'chat', 'code'], lengths: THREE.lengths })
  await second.file.load()
  t.match(second.told, [{ event: 'state_set_aside', why: /classifier/ }])
  t.equal(second.lessons.calibrationOf('m').count, 7)
  t.equal(arm(second.lessons).quality.total, 0)
})

t.test('a path that cannot be written is told, never thrown', async (t) => {
  const folder = t.testdir({ file: 'x' })
  const path = join(folder, 'file', 'state.json')
  const { lessons, file, told } = book(path)
  learn(lessons, 'a')
  await t.resolves(file.save())
  t.match(told, [{ event: 'state_not_written', file: path, why: /^E[A-Z]+$/ }])
  for (let i = 0; i < 20; i++) await t.resolves(file.save())
  await t.resolves(file.stop())
  t.equal(told.length, 1, 'and it is told once a minute, not with each try')
  await rm(join(folder, 'file'))
  await file.save()
  t.match(told.slice(1), [{ event: 'state_written_again', file: path }])
  await rm(path)
  await mkdir(join(path, 'full'), { recursive: true })
  learn(lessons, 'b')
  await file.save()
  t.match(told.slice(2), [{ event: 'state_not_written' }], 'a new failure is told at once')
})

t.test('only its owner may read it, whatever the umask, and a file that was open is closed', async (t) => {
  const before = process.umask(0)
  t.teardown(() => process.umask(before))
  const folder = t.testdir({})
  const path = join(folder, 'not', 'yet', 'state.json')
  const { lessons, file } = book(path)
  learn(lessons, 'a')
  await file.save()
  const modeOf = async (place: string): Promise<number> => (await stat(place)).mode & 0o777
  t.strictSame(
    [await modeOf(path), await modeOf(join(path, '..')), await modeOf(join(path, '../..'))],
    [0o600, 0o700, 0o700],
  )
  await chmod(path, 0o666)
  await writeFile(`${path}.${process.pid}.tmp`, 'left by a killed process', { mode: 0o666 })
  learn(lessons, 'b')
  await file.save()
  t.equal(await modeOf(path), 0o600)
  t.strictSame(await readdir(join(path, '..')), ['state.json'])
})

t.test('nor a folder in its place', async (t) => {
  const path = place(t)
  await mkdir(join(path, 'full'), { recursive: true })
  const { lessons, file, told } = book(path)
  await t.resolves(file.load())
  t.equal(told.length, 1)
  learn(lessons, 'a')
  await t.resolves(file.save())
  t.match(told[1], { event: 'state_not_written' })
})
