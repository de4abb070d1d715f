/** `turnout models search`: GGUF models of Hugging Face, and which of their files fit here. */
import { plain } from '../observe/explain/figures.ts'
import { type CallOf, UsageError } from './command.ts'
import { fitsInto, searchText } from './gguf/search-text.ts'
import { hubOf, searchHub } from './gguf/hub.ts'
import { roomsHere } from './gguf/machine.ts'
import type { Io } from './io.ts'
import type { MODELS_SEARCH } from './rows/models.ts'
import { givenRoom } from './show-model.ts'

const MOST = 20

/** Exit code 0: some were found, 1: none were, or Hugging Face cannot be reached. */
export async function searchModels({ flags, args }: CallOf<typeof MODELS_SEARCH>, io: Io): Promise<number> {
  const limit = Number(flags.limit)
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
    throw new UsageError(`--limit: "${flags.limit}" is not a whole number from 1 to ${MOST}`)
  const rooms = flags.memory === undefined ? await roomsHere(io.env['PATH']) : [givenRoom(flags.memory)]
  const found = await searchHub(hubOf(io), args.words, limit)
  if (flags.json) {
    const shown = found.map((model) => ({
      ...model,
      files: model.files.map((file) => ({ ...file, fits: rooms.map((room) => fitsInto(room, file.size)) })),
    }))
    io.stdout.write(`${JSON.stringify({ rooms, models: shown }, null, 2)}\n`)
  } else if (found.length > 0) io.stdout.write(searchText(found, rooms))
  else io.stderr.write(`turnout models search: no GGUF model has "${plain(args.words)}" in its name or tags\n`)
  return found.length > 0 ? 0 : 1
}
