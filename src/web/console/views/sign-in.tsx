import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { Failure } from '../components/notice'
import { useAction } from '../hooks/use-action'
import { keepSession } from '../session/session'
import { signIn } from '../session/sign-in'

/** Asks for a key. `reason`: why the last session ended. */
export function SignIn({ reason }: { reason: string | null }) {
  const [key, setKey] = useState('')
  const action = useAction()
  const field = useRef<HTMLInputElement>(null)
  const id = useId()
  useEffect(() => field.current?.focus(), [])

  async function submit(event: Event) {
    event.preventDefault()
    const isIn = await action.run(async () => keepSession(await signIn(key)))
    if (!isIn) field.current?.focus()
  }

  return (
    <main class="sign-in">
      <h1>Slipway</h1>
      <p>An upload gateway. Sign in to see and upload the files of your organization.</p>
      <Failure error={action.error ?? (reason === null ? null : new Error(reason))} />
      <form onSubmit={submit}>
        <div class="field">
          <label for={id}>API key or root key</label>
          <input
            id={id}
            ref={field}
            type="password"
            class="mono"
            // Password managers would offer to keep it beyond this tab.
            autocomplete="off"
            spellcheck={false}
            placeholder="slip_…"
            aria-describedby={`${id}-hint`}
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
          <span id={`${id}-hint`} class="hint">
            Kept in this tab until you sign out or close it. <code>npm start</code> prints a key;{' '}
            <code>POST /v1/api-keys</code> makes one.
          </span>
        </div>
        <button type="submit" class="button primary" disabled={action.isRunning}>
          Sign in
        </button>
      </form>
    </main>
  )
}
