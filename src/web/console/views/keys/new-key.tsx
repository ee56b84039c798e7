import { useState } from 'preact/hooks'
import { createApiKey } from '../../api/api-keys'
import { CopyField } from '../../components/copy'
import { Dialog } from '../../components/dialog'
import { CheckField, SelectField, TextField } from '../../components/field'
import { FormFoot } from '../../components/form-foot'
import { useAction } from '../../hooks/use-action'
import type { Scope, Session } from '../../session/session'

const dayMs = 24 * 3600 * 1000
const lifetimes = [
  ['', 'No expiry of its own'],
  ['1', '1 day'],
  ['7', '7 days'],
  ['30', '30 days'],
  ['90', '90 days'],
  ['365', '1 year'],
] as const

const meanings: Readonly<Record<Scope, string>> = {
  'files:read': 'list, read and follow uploads',
  'files:write': 'upload and delete',
  'org:admin': 'make and revoke keys',
}
const scopes = Object.keys(meanings) as Scope[]

type Props = { session: Session; organization: string; onMade(): void; onClose(): void }

/** Makes a key, and shows it once. */
export function NewKey({ session, organization, onMade, onClose }: Props) {
  const [name, setName] = useState('')
  const [days, setDays] = useState<string>('')
  const [chosen, setChosen] = useState<readonly Scope[]>(['files:read', 'files:write'])
  const [secret, setSecret] = useState<string | null>(null)
  const action = useAction()

  async function submit(event: Event) {
    event.preventDefault()
    await action.run(async () => {
      if (chosen.length === 0) throw new Error('Choose at least one thing that the key may do.')
      const made = await createApiKey(session, organization, {
        name: name.trim() || null,
        scopes: scopes.filter((scope) => chosen.includes(scope)),
        expiration_date: days === '' ? null : new Date(Date.now() + Number(days) * dayMs).toISOString(),
      })
      setSecret(made.api_key)
      onMade()
    })
  }

  if (secret !== null)
    return (
      <Dialog title="Copy the new key now" onClose={onClose}>
        <div class="dialog-body">
          <p>It is shown this once. The gateway keeps only a hash of it.</p>
          <CopyField label="API key" value={secret} />
        </div>
        <footer class="dialog-foot">
          <button type="button" class="button primary" onClick={onClose}>
            I have copied it
          </button>
        </footer>
      </Dialog>
    )
  return (
    <Dialog title="New API key" onClose={onClose}>
      <form onSubmit={submit}>
        <div class="dialog-body">
          <TextField label="Name" maxLength={255} value={name} setValue={setName} hint="What will use it" />
          <fieldset>
            <legend>It may</legend>
            {scopes.map((scope) => (
              <CheckField
                key={scope}
                checked={chosen.includes(scope)}
                setChecked={(isChosen) =>
                  setChosen(isChosen ? [...chosen, scope] : chosen.filter((other) => other !== scope))
                }
              >
                <code>{scope}</code> {meanings[scope]}
              </CheckField>
            ))}
          </fieldset>
          <SelectField label="Expires after" value={days} setValue={setDays} options={lifetimes} />
        </div>
        <FormFoot action={action} verb="Make key" onCancel={onClose} />
      </form>
    </Dialog>
  )
}
