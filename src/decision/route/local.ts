import type { BackendSpec } from '../../core/settings.ts'

/** Of the providers: each candidate of each request is asked about. */
const patterns = new Map<string, RegExp>()

/** Runs on hardware of the operator. Ollama lists models that run at its vendor beside those that run here. */
export function isLocal({ backend, model }: { readonly backend: BackendSpec; readonly model: string }): boolean {
  const { local, remoteModels } = backend.provider
  if (!local || remoteModels === null) return local
  let pattern = patterns.get(remoteModels)
  if (pattern === undefined) patterns.set(remoteModels, (pattern = new RegExp(remoteModels)))
  return !pattern.test(model)
}
