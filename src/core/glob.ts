/** `*` stands for any text, also none and also over slashes; all other characters for themselves. */
export function glob(pattern: string): (name: string) => boolean {
  if (!pattern.includes('*')) return (name) => name === pattern
  const expression = new RegExp(`^${pattern.split('*').map(escape).join('.*')}$`, 's')
  return (name) => expression.test(name)
}

const escape = (text: string): string => text.replace(/[\\^$.|?+()[\]{}]/g, '\\$&')
