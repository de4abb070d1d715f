import type { BackendSpec } from '../core/types.ts'
export function startDemo(): Promise<{ backends: BackendSpec[]; close(): Promise<void> }> {
  return Promise.resolve({ backends: [], close: () => Promise.resolve() })
}
