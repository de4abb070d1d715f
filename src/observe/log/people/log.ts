/** The log as lines for people at a terminal: what JSON lines say in many members, in one line of its width. No prompts, no secrets. */
import type { DestinationStream } from 'pino'
import { EVENTS, type GatewayEvent, type Level } from '../../../core/events.ts'
import type { RequestObserver, RequestRecord } from '../../../core/request-record.ts'
import { Blocks } from '../blocks.ts'
import { thrownOf } from '../failure.ts'
import { isWritten, STANDARD_OUTPUT } from '../levels.ts'
import type { FaultFields, FaultPlace, Log } from '../lines.ts'
import { isWrong } from '../request-log.ts'
import { wordsOf } from './events.ts'
import { plainPieces, requestPieces, TAG_COLUMNS } from './request.ts'
import { type Colour, painted, type Piece, type Screen } from './screen.ts'

/** Who looks at a terminal waits for a line; a burst of them still goes out as one block. */
const WAIT_MS = 40

const COLOURS: Readonly<Record<Level | 'fatal', Colour>> = {
  debug: 'dim',
  info: 'cyan',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
}

export function createPeopleLog(level: string, screen: Screen, destination?: DestinationStream): Log {
  const sink = destination ?? new Blocks(STANDARD_OUTPUT, WAIT_MS)
  const write = (at: number, pieces: readonly Piece[]): void => {
    sink.write(`${painted([['dim', clock(at)], ' ', ...pieces], screen.colour)}\n`)
  }
  /** `text`: what follows its first line is a stack. */
  const say = (severity: Level | 'fatal', text: string): void => {
    if (!isWritten(severity, level)) return
    const colour = COLOURS[severity]
    const [first = '', ...stack] = text.split('\n')
    write(Date.now(), [[colour, severity.padEnd(TAG_COLUMNS)], ' ', severity === 'info' ? first : [colour, first]])
    for (const line of stack) sink.write(`${painted([line], false)}\n`)
  }
  const room = (): number => screen.columns() - CLOCK_COLUMNS - 1
  return {
    emit(event) {
      const words = wordsOf(event)
      if (words !== null) say(severityOf(event), words)
    },
    plain(line) {
      if (isWritten('info', level)) write(Date.now(), plainPieces(line, room()))
    },
    fault: (severity, of, fields) => say(severity, faultWords(of, fields)),
    observer: (): RequestObserver => ({
      readsDecisions: 'none',
      onCompleted(record: RequestRecord) {
        if (isWritten(isWrong(record) ? 'warn' : 'info', level)) write(record.endedAt, requestPieces(record, room()))
      },
    }),
    flush: () => (sink instanceof Blocks ? sink.flush() : Promise.resolve()),
  }
}

/** A backend that goes is a warning for whoever looks on. */
const severityOf = (event: GatewayEvent): Level =>
  event.event === 'backend_state' && event.state === 'down' ? 'warn' : EVENTS[event.event].level

const FAULTS: Readonly<Record<FaultPlace, string>> = {
  request: 'a request failed within the gateway',
  admin: 'the admin API failed',
  lookout: 'the search for engines failed',
  uncaught: 'stopped by a fault',
}

function faultWords(of: FaultPlace, fields: FaultFields): string {
  const members: Readonly<Record<string, unknown>> = { ...fields }
  const said = ['request_id', 'endpoint', 'path', 'why'].flatMap((name) => {
    const value = members[name]
    return typeof value === 'string' ? [`${name} ${value}`] : []
  })
  const { type, code, stack = '' } = 'err' in members ? thrownOf(members['err']) : { type: '', code: undefined }
  const what = [type, code].filter(Boolean).join(' ')
  return `${[FAULTS[of], ...said, what].filter((part) => part !== '').join(', ')}${stack === '' ? '' : `\n${stack}`}`
}

const CLOCK_COLUMNS = 8

/** Local time: the reader sits beside it. */
function clock(at: number): string {
  const time = new Date(at)
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}
