import { refusalOf } from './s3-errors'

/** What was sent for; `unsupported` when the store refuses because it has no such operation. */
export async function unlessUnsupported<T>(sent: Promise<T>): Promise<T | 'unsupported'> {
  try {
    return await sent
  } catch (error) {
    const status = refusalOf(error)?.status
    if (status === 501 || status === 405) return 'unsupported'
    throw error
  }
}
