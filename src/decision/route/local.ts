import type { BackendSpec } from '../../core/settings.ts'

/** Runs on hardware of the operator. Ollama lists models that run at its vendor beside those that run here. */
export function isLocal({ backend, model }: { readonly backend: BackendSpec; readonly model: string }): boolean {
  const { local, remoteModels } = backend.provider
  return local && (remoteModels === null || !new RegExp(remoteModels).test(model))
}
