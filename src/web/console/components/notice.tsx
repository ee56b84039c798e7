import type { ComponentChildren } from 'preact'
import { ApiError } from '../api/call'
import { Icon } from './icon'

/** Why something failed, read out at once; nothing while `error` is null. */
export function Failure({ error, retry }: { error: Error | null; retry?: () => void }) {
  return (
    <div role="alert">
      {error && (
        <div class="notice error">
          <Icon name="alert" />
          <div>
            <p>{error.message}</p>
            <Fields error={error} />
          </div>
          {retry && (
            <button type="button" class="button" onClick={retry}>
              Try again
            </button>
          )}
        </div>
      )}
    </div>
  )
}

/** The fields that are wrong, unless the sentence is about the only one. */
function Fields({ error }: { error: Error }) {
  if (!(error instanceof ApiError) || error.fields.length < 2) return null
  return (
    <ul>
      {error.fields.map(({ field, message }) => (
        <li key={field}>
          {field} {message}
        </li>
      ))}
    </ul>
  )
}

/** What stands where there is nothing yet: what to do first. */
export function Empty({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  )
}
