/** Every request in every wire format: written, read back, and through any other; all that gets lost on the way is named. */
import t from 'tap'
import { FORMATS } from '../../src/formats/formats.ts'
import type { Format } from '../../src/formats/format.ts'
import { PROVIDERS } from '../config/load.ts'
import { added, comparable, isKnownLoss } from './comparable.ts'
import { REQUESTS } from './format-cases.ts'
import { modelOf, readBy, written } from './neutral-prompt.ts'

const ALL: readonly Format[] = [...FORMATS.values()]
/** Formats that others than their makers speak, too. In OpenAI's chat a seal is known by its place. */
const BY_OTHERS = new Set(
  [...PROVIDERS.values()]
    .flatMap(({ endpoints }) => endpoints.chat ?? [])
    .flatMap(({ format, maker }) => (maker === true || format === 'openai-chat' ? [] : [format])),
)
/** They have no place for seals of thoughts. */
const PLAIN_THOUGHTS = new Set(['openai-chat', 'ollama'])
const json = (raw: Buffer): unknown => JSON.parse(raw.toString())

for (const format of ALL)
  t.test(`${format.name}: what is written can be read, and what is lost is named`, async (t) => {
    for (const { name, contents } of REQUESTS) {
      const { raw, lossy } = written(contents, format)
      const back = readBy(format, raw).prompt.contents()
      const ignored = [...lossy, ...added(contents, format.name)]
      t.strictSame(comparable(back, ignored), comparable(contents, ignored), name)
      t.strictSame(back.unsaid, [], `${name}: all that is written has a meaning`)
      for (const lost of lossy) {
        if (contents.unsaid.includes(lost)) continue
        t.ok(isKnownLoss(lost), `${name}: "${lost}" is a word of this gateway`)
        t.notSame(comparable(contents, [lost]), comparable(contents, []), `${name}: there was something of "${lost}"`)
      }
      t.equal(new Set(lossy).size, lossy.length, `${name}: each loss once`)
    }
  })

for (const format of ALL)
  t.test(`${format.name}: what it said itself it says again, and loses nothing`, async (t) => {
    for (const { name, contents } of REQUESTS) {
      const said = readBy(format, written(contents, format).raw).prompt.contents()
      const again = written(said, format)
      const heard = readBy(format, again.raw).prompt.contents()
      t.strictSame(comparable(heard, []), comparable(said, []), name)
      t.strictSame(again.lossy, [], `${name}: nothing is lost`)
      t.strictSame(json(written(heard, format).raw), json(again.raw), `${name}: in the same words`)
    }
  })

for (const there of ALL)
  for (const { name: here } of ALL)
    if (here !== there.name)
      t.test(`${here} through ${there.name} and back: only what is named is lost`, async (t) => {
        const home = FORMATS.get(here)!
        for (const { name, contents } of REQUESTS) {
          const start = readBy(home, written(contents, home).raw).prompt.contents()
          const out = written(start, there)
          const back = written(readBy(there, out.raw).prompt.contents(), home)
          const lossy = [...out.lossy, ...back.lossy, ...added(contents, here, there.name)]
          const end = readBy(home, back.raw).prompt.contents()
          t.strictSame(comparable(end, lossy), comparable(start, lossy), name)
        }
      })

for (const format of ALL)
  t.test(`${format.name}: the model, and whether the answer streams, are read as they were written`, async (t) => {
    for (const stream of [false, true]) {
      const { model, stream: streams } = readBy(format, written(REQUESTS[0]!.contents, format, stream).raw, stream)
      t.strictSame([model, streams], [modelOf(format), stream])
    }
  })

for (const format of ALL)
  t.test(`${format.name}: what only its maker can read goes to its maker alone`, async (t) => {
    for (const { name, contents } of REQUESTS) {
      const seals = contents.messages
        .flatMap(({ parts }) => parts)
        .flatMap((part) => ('seal' in part && part.seal !== null ? [{ ...part.seal, of: part.kind }] : []))
      for (const { maker, value, of } of seals) {
        // Gemini has an endpoint in OpenAI's form, which takes the seals of calls.
        const takes = maker === format.name || (format.name === 'openai-chat' && maker === 'gemini' && of === 'call')
        const to = (own: boolean): boolean => written(contents, format, false, own).raw.includes(value)
        t.equal(to(true), takes && !(of === 'thought' && PLAIN_THOUGHTS.has(format.name)), `${name}, to the maker`)
        if (BY_OTHERS.has(format.name)) t.equal(to(false), false, `${name}, to another who speaks it`)
      }
    }
  })
