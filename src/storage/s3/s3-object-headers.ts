import type { ObjectHeaders } from '../../core/ports/object-store'

/** The request headers with which S3 is told what to keep with an object. */
export function objectHeaders({ contentType, contentDisposition }: ObjectHeaders): Record<string, string> {
  return {
    'content-type': contentType,
    ...(contentDisposition ? { 'content-disposition': contentDisposition } : {}),
  }
}
