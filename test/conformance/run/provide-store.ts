import type { ProvidedContext } from 'vitest'
import type { TestProject } from 'vitest/node'
import { startEndpoint } from '../../e2e/support/local-s3'

type Store = ProvidedContext['conformance']

/** Provides the store that the variables name, or else wrangler's local endpoint, which goes when the run ends. */
export default async function provideStore({ provide }: TestProject): Promise<() => Promise<void>> {
  const { store, stop } = process.env.S3_ENDPOINT ? fromVariables() : await startLocal()
  provide('conformance', store)
  provide('keyPrefix', variable('CONFORMANCE_KEY_PREFIX'))
  return stop
}

function fromVariables() {
  const uploadCredentials = {
    accessKeyId: variable('S3_UPLOAD_ACCESS_KEY_ID'),
    secretAccessKey: variable('S3_UPLOAD_SECRET_ACCESS_KEY'),
  }
  const store: Store = {
    endpoint: variable('S3_ENDPOINT'),
    region: variable('S3_REGION'),
    bucket: variable('S3_BUCKET'),
    credentials: {
      accessKeyId: variable('S3_ACCESS_KEY_ID'),
      secretAccessKey: variable('S3_SECRET_ACCESS_KEY'),
    },
    uploadCredentials: uploadCredentials.accessKeyId === '' ? null : uploadCredentials,
  }
  return { store, stop: async () => {} }
}

async function startLocal() {
  const { store, stop } = await startEndpoint()
  const { accessKeyId, secretAccessKey, ...rest } = store
  const local: Store = { ...rest, credentials: { accessKeyId, secretAccessKey }, uploadCredentials: null }
  return { store: local, stop }
}

/** scripts/conformance.mjs has seen that those are there that must be. */
function variable(name: string): string {
  return process.env[name] ?? ''
}
