/** Where a listener of this machine is reached from this machine. */
export function ownUrl({ host, port }: { readonly host: string; readonly port: number }): string {
  const near = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${near.includes(':') ? `[${near}]` : near}:${port}`
}
