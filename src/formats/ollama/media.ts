/** What a medium is, by its first bytes. Pure. */

/** Base64 of so many bytes tells. */
const HEAD = 16

const SIGNS: readonly (readonly [sign: RegExp, type: string])[] = [
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^\x89PNG/, 'image/png'],
  [/^GIF8/, 'image/gif'],
  [/^RIFF[^]{4}WEBP/, 'image/webp'],
  [/^RIFF[^]{4}WAVE/, 'audio/wav'],
  [/^(ID3|\xff[\xfb\xf3\xf2])/, 'audio/mp3'],
]

/** `data`: base64. What is not known is taken for the picture that most send. */
export function mediumType(data: string): string {
  const head = Buffer.from(data.slice(0, HEAD), 'base64').toString('latin1')
  return SIGNS.find(([sign]) => sign.test(head))?.[1] ?? 'image/png'
}
