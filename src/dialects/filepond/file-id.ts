import { fail, failField } from '../../core/errors'
import type { FileId } from '../../core/ids'
import { parseNamedFileId } from '../../http/file-ids'

/** The file that `text` names, as an answer said it. Throws `file_not_found` also for what can be no id. */
export function namedFile(text: string): FileId {
  return parseNamedFileId(text) ?? fail({ code: 'file_not_found', fileId: text })
}

/** The upload that the query names in `patch`. Throws `invalid_request` where there is none. */
export function patchedFile(text: string | undefined): FileId {
  return namedFile(text ?? failField('patch', 'is required'))
}
