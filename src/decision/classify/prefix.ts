/**
 * The beginning of a prompt as hashes of its blocks: of what the model reads, in the order of chat templates, so that two conversations
 * with the same tools and instructions share their head. What a caller changes from turn to turn without saying anything else
 * (marks of caches, ids of calls) is not in it. Pure.
 */
import { BoundedMap } from '../../core/bounded-map.ts'
import { WHOLE_BYTES } from '../../core/cut-text.ts'
import type { Json } from '../../core/json.ts'
import { NO_PREFIX, type Prefix } from '../../core/prefix.ts'
import type { Prompt, Role, TemplateReader, Tool } from '../../core/prompt.ts'
import { addBlock, seed, sum } from './block-hash.ts'
import { TemplateBytes } from './template-bytes.ts'

/**
 * Bytes of a block, and of its end that are looked at: what comes late in a long prompt is told less closely, so that no prompt has more
 * than some hundred blocks, and to hash it takes some ten microseconds. Prompts that part have nothing in common behind that: it shows
 * at the end of a block as well.
 */
const BLOCKS = [
  { upTo: 64 * 1024, bytes: 512, seen: 512 },
  { upTo: 256 * 1024, bytes: 2 * 1024, seen: 256 },
  { upTo: 1024 * 1024, bytes: 8 * 1024, seen: 512 },
] as const
const MOST_BYTES = BLOCKS[2].upTo
const MOST_BLOCKS = 64 * 2 + 192 / 2 + 768 / 8

/** Definitions of tools: an agent sends the same with each request, so that they are read once. */
interface KnownTools {
  readonly hashes: Int32Array
  readonly checks: Int32Array
  readonly ends: Int32Array
  /** The sums behind the last block. */
  readonly hash: number
  readonly check: number
  readonly size: number
}

const MOST_TOOLS = 256
const knownTools = new BoundedMap<string, KnownTools>(MOST_TOOLS)

export function prefixOf(prompt: Prompt): Prefix {
  const reader = new Reader()
  prompt.template(reader)
  return reader.end()
}

/** One for all: a prompt is read before the next one is. */
const bytes = new TemplateBytes(MOST_BYTES, WHOLE_BYTES)
const hashes = new Int32Array(2 * MOST_BLOCKS + 1)
const checks = new Int32Array(2 * MOST_BLOCKS + 1)
const ends = new Int32Array(2 * MOST_BLOCKS + 1)

class Reader implements TemplateReader {
  #tools: KnownTools | null = null

  constructor() {
    bytes.clear()
  }

  tools(json: readonly Uint8Array[], all: () => readonly Tool[]): void {
    const name = nameOf(json)
    let known = knownTools.get(name)
    if (known === undefined) {
      for (const tool of all()) writeTool(tool)
      knownTools.set(name, (known = readTools()))
    }
    this.#tools = known
    bytes.clear()
  }

  message(role: Role | null): void {
    bytes.byte(MARK_OF_MESSAGE)
    bytes.byte(role === null ? 0 : CODES[role])
  }

  text(text: string, raw: Uint8Array): void {
    bytes.text(text, raw)
  }

  call(name: string, given: string, raw: Uint8Array): void {
    bytes.byte(MARK_OF_CALL)
    bytes.text(name, raw)
    bytes.byte(MARK_OF_CALL)
    bytes.text(given, raw)
  }

  medium(print: number): void {
    bytes.byte(MARK_OF_MEDIUM)
    for (let shift = 0; shift < 32; shift += 8) bytes.byte((print >>> shift) & 0xff)
  }

  end(): Prefix {
    const tools = this.#tools
    seed()
    if (tools !== null) {
      sum.hash = tools.hash
      sum.check = tools.check
    }
    const own = readBlocks(tools?.size ?? 0)
    const before = tools?.hashes.length ?? 0
    if (before + own === 0) return NO_PREFIX
    return {
      hashes: joined(tools?.hashes, hashes, own),
      checks: joined(tools?.checks, checks, own),
      ends: joined(tools?.ends, ends, own),
      size: (tools?.size ?? 0) + bytes.size,
    }
  }
}

/** Which no text begins with. */
const MARK_OF_MESSAGE = 1
const MARK_OF_CALL = 2
const MARK_OF_MEDIUM = 3
/** The instructions of a developer are what others call those of the system. */
const CODES: Readonly<Record<Role, number>> = { system: 1, developer: 1, user: 2, assistant: 3, tool: 4 }

function joined(first: Int32Array | undefined, rest: Int32Array, length: number): Int32Array {
  if (first === undefined) return rest.slice(0, length)
  const all = new Int32Array(first.length + length)
  all.set(first)
  for (let at = 0; at < length; at++) all[first.length + at] = rest[at]!
  return all
}

/** What was written, in whole blocks that go on from the sums; their number. `before`: bytes that the prompt has in front of it. */
function readBlocks(before: number): number {
  const { words, length } = bytes
  let count = 0
  let at = 0
  for (const block of BLOCKS)
    while (at + block.bytes <= length && before + at < block.upTo && count < hashes.length - 1) {
      at += block.bytes
      addBlock(words, (at - block.seen) >> 2, at >> 2)
      hashes[count] = sum.hash
      checks[count] = sum.check
      ends[count++] = before + at
    }
  return count
}

/** Tools end a block of their own, so that what follows begins one. */
function readTools(): KnownTools {
  seed()
  let count = readBlocks(0)
  const { length } = bytes
  const done = count === 0 ? 0 : ends[count - 1]!
  if (length > done && count < MOST_BLOCKS) {
    bytes.pad()
    addBlock(bytes.words, done >> 2, bytes.length >> 2)
    hashes[count] = sum.hash
    checks[count] = sum.check
    ends[count++] = length
  }
  const { hash, check } = sum
  const size = bytes.size
  return {
    hashes: hashes.slice(0, count),
    checks: checks.slice(0, count),
    ends: ends.slice(0, count),
    hash,
    check,
    size,
  }
}

/** Of definitions as they came. */
function nameOf(json: readonly Uint8Array[]): string {
  bytes.clear()
  let size = 0
  for (const part of json) {
    bytes.copy(part)
    size += part.length
  }
  bytes.pad()
  seed()
  addBlock(bytes.words, 0, bytes.length >> 2)
  bytes.clear()
  return `${sum.hash} ${sum.check} ${size}`
}

const NO_BODY = new Uint8Array(0)

function writeTool({ name, description, schema }: Tool): void {
  bytes.byte(MARK_OF_CALL)
  bytes.text(name, NO_BODY)
  bytes.byte(MARK_OF_MESSAGE)
  bytes.text(description ?? '', NO_BODY)
  bytes.byte(MARK_OF_MESSAGE)
  writeJson(schema, 0)
}

const DEEPEST = 64

/** The schema of a tool: formats agree in it, not in what is around it. */
function writeJson(value: Json | undefined, depth: number): void {
  if (depth > DEEPEST || value === undefined) return
  if (typeof value !== 'object' || value === null) return bytes.text(String(value), NO_BODY)
  if (Array.isArray(value)) {
    for (const one of value as readonly Json[]) {
      bytes.byte(MARK_OF_CALL)
      writeJson(one, depth + 1)
    }
    return
  }
  for (const [key, one] of Object.entries(value)) {
    bytes.byte(MARK_OF_MESSAGE)
    bytes.text(key, NO_BODY)
    bytes.byte(MARK_OF_CALL)
    writeJson(one, depth + 1)
  }
}
