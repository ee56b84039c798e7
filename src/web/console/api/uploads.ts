import type { Member } from '../session/session'
import { call } from './call'

/** How far an upload is, as far as the gateway and the store tell. */
export type Upload = {
  status: 'uploading' | 'ready' | 'error' | 'failed'
  error: string | null
  method?: 'edge' | 'append' | 'PUT' | 'multipart'
  expiresAt?: string
  sealed?: { size: number | null }
  multipart?: { partSize: number; partCount: number }
  /** Those that have arrived; null where the store cannot list them. */
  parts?: { partNumber: number; size: number }[] | null
}

/** The upload of a file. The gateway settles it first, if its bytes have arrived. */
export function getUpload({ key }: Member, id: string): Promise<Upload> {
  return call(key, 'GET', `/v1/uploads/${id}`)
}

export function abortUpload({ key }: Member, id: string): Promise<void> {
  return call(key, 'DELETE', `/v1/uploads/${id}`)
}
