/** Every answer in every wire format: written for its callers, streamed and whole, and read again as a backend's. */
import t from 'tap'
import { GatewayError } from '../../src/core/errors.ts'
import { FORMATS } from '../../src/formats/formats.ts'
import type { Format } from '../../src/formats/format.ts'
import { ANSWERS } from './format-cases.ts'
import { countable, hasFreeTools, sayable } from './answer-limits.ts'
import { wholeParts } from './comparable.ts'
import { bodyOf, framesOf, readBody, readerOf, readStream, streamOf } from './spoken.ts'

const ALL: readonly Format[] = [...FORMATS.values()]

for (const format of ALL) {
  const answers = ANSWERS.filter(({ free }) => !free || hasFreeTools(format.name))

  t.test(`${format.name}: what is streamed is read as it was told`, async (t) => {
    for (const answer of answers)
      for (const comes of ['first', 'last'] as const) {
        const { pieces, reader } = readStream(format, framesOf(format, [streamOf(format, answer, comes)]))
        const name = `${answer.name}, usage ${comes}`
        t.strictSame(wholeParts(pieces), sayable(format.name, wholeParts(answer.events.flat())), name)
        t.strictSame(reader.state.settled, countable(format.name, answer.usage), `${name}: usage`)
        t.ok(reader.finished, `${name}: it is complete`)
        t.equal(reader.state.model, 'parrot', `${name}: model`)
      }
  })

  t.test(`${format.name}: a whole answer is read as it was told`, async (t) => {
    for (const answer of answers) {
      const { pieces, reader } = await readBody(format, bodyOf(format, answer))
      t.strictSame(wholeParts(pieces), sayable(format.name, wholeParts(answer.events.flat())), answer.name)
      t.strictSame(reader.state.settled, countable(format.name, answer.usage), `${answer.name}: usage`)
      t.equal(reader.state.model, 'parrot', `${answer.name}: model`)
    }
  })

  t.test(`${format.name}: streamed and whole, an answer says the same`, async (t) => {
    for (const answer of answers) {
      const stream = readStream(format, framesOf(format, [streamOf(format, answer)]))
      const whole = await readBody(format, bodyOf(format, answer))
      t.strictSame(wholeParts(stream.pieces), wholeParts(whole.pieces), answer.name)
      const of = ({ reader: { state } }: typeof whole): unknown[] => [state.settled, state.finish, state.model]
      t.strictSame(of(stream), of(whole), `${answer.name}: what is known of it`)
    }
  })

  t.test(`${format.name}: callers of this format get the very bytes`, async (t) => {
    for (const answer of answers) {
      const bytes = streamOf(format, answer)
      t.equal(readStream(format, framesOf(format, [bytes])).sent.toString(), bytes.toString(), answer.name)
      const body = bodyOf(format, answer)
      t.equal((await readBody(format, body)).sent.toString(), body.toString(), `${answer.name}, whole`)
    }
  })

  t.test(`${format.name}: chunks of the network may end anywhere`, async (t) => {
    for (const answer of answers) {
      const bytes = streamOf(format, answer)
      const raws = (chunks: readonly Buffer[]): string =>
        framesOf(format, chunks)
          .map(({ raw, event, data }) => `${raw.toString('latin1')}|${event}|${data}`)
          .join('\n')
      const uncut = raws([bytes])
      t.equal(raws([...bytes].map((byte) => Buffer.of(byte))), uncut, `${answer.name}: each byte alone`)
      let same = 0
      for (let at = 0; at <= bytes.length; at++) if (raws([bytes.subarray(0, at), bytes.subarray(at)]) === uncut) same++
      t.equal(same, bytes.length + 1, `${answer.name}: in two, at every byte`)
    }
  })

  t.test(`${format.name}: what is cut is never taken for the whole`, async (t) => {
    for (const answer of answers) {
      const frames = framesOf(format, [streamOf(format, answer)])
      const reader = readerOf(format, true)
      const finished: boolean[] = frames.map((frame) => {
        reader.event(frame)
        return reader.finished
      })
      // Once it is complete it stays so, and before that some of the answer is missing.
      const first = finished.indexOf(true)
      t.ok(first >= 0, `${answer.name}: it ends`)
      t.notOk(finished.slice(first).includes(false), `${answer.name}: an end is an end`)
      const seen = frames.slice(0, first + 1)
      const parts = wholeParts(readStream(format, seen).pieces)
      t.strictSame(parts, wholeParts(readStream(format, frames).pieces), `${answer.name}: nothing comes behind its end`)
    }
  })

  t.test(`${format.name}: an error is an error, whole and in the middle of a stream`, async (t) => {
    const error = new GatewayError('upstream_incomplete', 'The backend broke off — größer.')
    const body = format.caller.errorBody(error, { id: 'req-1', maxOutput: null })
    const fault = format.backend.readFault(JSON.stringify(body))
    t.equal(fault.message, error.message, 'whole')
    for (const answer of answers.slice(0, 3)) {
      const frames = framesOf(format, [streamOf(format, answer)])
      for (let sent = 0; sent < frames.length; sent++) {
        const bytes = Buffer.concat([...frames.slice(0, sent).map(({ raw }) => raw), format.caller.stream.failed(body)])
        const read = (): unknown => readStream(format, framesOf(format, [bytes]))
        if (!readStreamed(format, frames.slice(0, sent)))
          t.throws(read, /größer/, `${answer.name}, behind ${sent} events`)
      }
    }
  })
}

/** Whether these events are all of an answer. */
function readStreamed(format: Format, frames: ReturnType<typeof framesOf>): boolean {
  const reader = readerOf(format, true)
  for (const frame of frames) reader.event(frame)
  return reader.finished
}
