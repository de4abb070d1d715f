/** What MODEL of `turnout models show` is: a file, a URL, a model of Hugging Face, or a model of the gateway. Pure. */
import { isQuant } from './quant.ts'

export type Wanted =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'url'; readonly url: URL }
  /** `file`: null where a quantisation is asked for, or whatever there is. */
  | { readonly kind: 'hub'; readonly repo: string; readonly file: string | null; readonly quant: string | null }
  | { readonly kind: 'name'; readonly name: string }

const REPO = /^(?:hf\.co\/|huggingface\.co\/)?([\w.-]+\/[\w.-]+)$/
const IN_REPO = /^(?:hf\.co\/|huggingface\.co\/)?([\w.-]+\/[\w.-]+)\/(.+\.gguf)$/i

/** `isFile`: whether it is the path of a file here. */
export function wantedBy(word: string, isFile: boolean): Wanted {
  if (isFile) return { kind: 'file', path: word }
  if (/^https?:\/\//i.test(word) && URL.canParse(word)) return { kind: 'url', url: rawFile(new URL(word)) }
  const [, repo, file] = (/^[./~]/.test(word) ? null : IN_REPO.exec(word)) ?? []
  if (repo !== undefined && file !== undefined) return { kind: 'hub', repo, file, quant: null }
  if (/\.gguf$/i.test(word)) return { kind: 'file', path: word }
  const colon = word.lastIndexOf(':')
  const [name, tag] = colon < 0 ? [word, null] : [word.slice(0, colon), word.slice(colon + 1)]
  const [, own] = REPO.exec(name) ?? []
  // `ollama/qwen3:8b` is a model of a backend.
  const ofHub =
    own !== undefined && (tag === null ? /^(hf|huggingface)\.co\//.test(word) || /-gguf$/i.test(own) : isQuant(tag))
  return ofHub ? { kind: 'hub', repo: own, file: null, quant: tag } : { kind: 'name', name: word }
}

/** The page of a file on Hugging Face -> the file. */
function rawFile(url: URL): URL {
  if (/(^|\.)huggingface\.co$/.test(url.hostname)) url.pathname = url.pathname.replace('/blob/', '/resolve/')
  return url
}
