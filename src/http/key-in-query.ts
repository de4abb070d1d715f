/** The key in an address, as Google's clients may send it: `?key=KEY`. On no other path, since what stands in an address is easily shown. Pure. */
import { canonicalUrl, isGeminiPath } from './paths.ts'

/** `target`: of the request line. Null: there is none. */
export function keyInQuery(target: string): string | null {
  const query = target.indexOf('?')
  if (query < 0 || !target.includes('key=', query) || !isGeminiPath(canonicalUrl(target))) return null
  const key = new URLSearchParams(target.slice(query)).get('key')
  return key === '' ? null : key
}
