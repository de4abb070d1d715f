/** Opens a GGUF wherever it is, with all of its parts. */
import { basename, dirname, join, resolve } from 'node:path'
import { GgufError } from '../../gguf/gguf-error.ts'
import { type GgufFile, openGguf } from '../../gguf/open-gguf.ts'
import type { GgufSource } from '../../gguf/source.ts'
import { Refused } from '../refused.ts'
import { fileSource } from './file-source.ts'
import { httpSource } from './http-source.ts'
import { fileUrl, type Hub, modelOf } from './hub.ts'
import { partsOf } from './parts.ts'
import type { Wanted } from './wanted.ts'

export interface OpenedModel {
  /** For people: where it is. */
  readonly place: string
  readonly files: readonly GgufFile[]
  /** Bytes of all files. */
  readonly size: number
}

type Elsewhere = Exclude<Wanted, { kind: 'name' }>

/** `cwd`: where paths begin. Throws a Refused. */
export async function openModel(wanted: Elsewhere, hub: Hub, cwd: string): Promise<OpenedModel> {
  const { place, open } = await placesOf(wanted, hub, cwd)
  const files: GgufFile[] = []
  let size = 0
  for (const [name, source] of open) {
    try {
      const opened = await source()
      try {
        files.push(await openGguf(opened))
        size += opened.size
      } finally {
        await opened.close()
      }
    } catch (thrown) {
      if (thrown instanceof GgufError) throw new Refused(`${name}: ${thrown.message}`)
      throw thrown
    }
  }
  return { place, files, size }
}

type Open = readonly (readonly [name: string, open: () => Promise<GgufSource>])[]

async function placesOf(wanted: Elsewhere, hub: Hub, cwd: string): Promise<{ place: string; open: Open }> {
  if (wanted.kind === 'file') {
    const { path } = wanted
    const parts = partsOf(basename(path)).map((part) => join(dirname(path), part))
    const paths = parts.length === 1 ? [path] : parts
    return { place: path, open: paths.map((path) => [path, () => fileSource(resolve(cwd, path))]) }
  }
  if (wanted.kind === 'url') {
    const { url } = wanted
    const parts = partsOf(url.pathname).map((pathname) => Object.assign(new URL(url), { pathname }))
    // A token is for Hugging Face, and for no other server.
    const token = url.origin === hub.url.origin ? hub.token : null
    const shown = url.origin + url.pathname
    return { place: shown, open: parts.map((part) => [part.origin + part.pathname, () => httpSource(part, token)]) }
  }
  const file = wanted.file ?? (await chosenFile(wanted.repo, wanted.quant, hub))
  return {
    place: `${wanted.repo}/${file}`,
    open: partsOf(file).map((part) => [
      `${wanted.repo}/${part}`,
      () => httpSource(fileUrl(hub, wanted.repo, part), hub.token),
    ]),
  }
}

/** As llama.cpp's -hf takes it: Q4_K_M where nothing was said, else the first that there is. */
async function chosenFile(repo: string, quant: string | null, hub: Hub): Promise<string> {
  const { files } = await modelOf(hub, repo)
  const wanted = (quant ?? 'Q4_K_M').toUpperCase()
  const found = files.find((file) => file.quant === wanted) ?? (quant === null ? files[0] : undefined)
  if (found !== undefined) return found.name
  if (files.length === 0) throw new Refused(`${repo} has no GGUF files`)
  const there = [...new Set(files.flatMap(({ quant }) => (quant === null ? [] : [quant])))]
  throw new Refused(`${repo} has no ${quant ?? ''}; it has ${there.slice(0, 20).join(', ')}`)
}
