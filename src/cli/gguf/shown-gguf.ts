/** A model of a GGUF and what it needs, as `turnout models show --json` prints it. Sizes are bytes. Pure. */
import { largestContext, type Asked, memoryFor } from '../../gguf/memory.ts'
import { modelShape, type ModelShape } from '../../gguf/model-shape.ts'
import type { Room } from './machine.ts'
import type { OpenedModel } from './open-model.ts'

export interface Fit extends Room {
  readonly fits: boolean
  /** The most tokens of each slot that fit there, up to the larger of the trained and the asked context; null: none. */
  readonly largest_context: number | null
}

export interface ShownGguf {
  readonly place: string
  readonly file_bytes: number
  readonly parts: number
  readonly big_endian: boolean
  readonly shape: ModelShape
  readonly asked: Asked
  readonly memory: ReturnType<typeof memoryFor>
  readonly fit: readonly Fit[]
}

/** The most that is asked about where no context is named. */
const USUAL_CONTEXT = 32_768

/** Throws a GgufError. */
export function shownGguf(
  { place, files, size }: OpenedModel,
  asked: Omit<Asked, 'context'> & { readonly context: number | null },
  rooms: readonly Room[],
): ShownGguf {
  const shape = modelShape(files)
  const wanted = { ...asked, context: asked.context ?? Math.min(shape.context ?? USUAL_CONTEXT, USUAL_CONTEXT) }
  const weights = files.reduce((sum, { weightBytes }) => sum + weightBytes, 0)
  const memory = memoryFor(shape, weights, wanted)
  return {
    place,
    file_bytes: size,
    parts: files.length,
    big_endian: files.some(({ bigEndian }) => bigEndian),
    shape,
    asked: wanted,
    memory,
    fit: rooms.map((room) => ({
      ...room,
      fits: memory.total <= room.total,
      largest_context: largestContext(shape, weights, wanted, room.total),
    })),
  }
}
