/** Why a ledger cannot be read, in words; null where `thrown` is no failure of the file system. `named`: its folder is that of --folder. */
export function ledgerFault(thrown: unknown, named = false): string | null {
  const { code, syscall, path } = thrown as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined) return null
  const why =
    code === 'ENOENT'
      ? named
        ? 'no such folder; --folder takes that of `store.ledger`'
        : 'does not exist: no request has ended since the ledger was switched on'
      : code === 'ENOTDIR'
        ? 'is not a folder'
        : `cannot be read (${code})`
  return `${path ?? 'the ledger'}: ${why}`
}
