/** Headers without those that belong to one connection. */
export function passedOn(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | string[]> {
  const passed: Record<string, string | string[]> = {}
  for (const name in headers) {
    if (name === 'connection' || name === 'keep-alive' || name === 'transfer-encoding' || name === 'host') continue
    const value = headers[name]
    if (value !== undefined) passed[name] = value
  }
  return passed
}
