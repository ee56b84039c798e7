import { useState } from 'preact/hooks'
import { type Organization, putOrganization } from '../../api/organizations'
import { BytesField, bytesInputOf, bytesOf } from '../../components/bytes-field'
import { Dialog } from '../../components/dialog'
import { TextField } from '../../components/field'
import { FormFoot } from '../../components/form-foot'
import { useAction } from '../../hooks/use-action'
import type { Session } from '../../session/session'

type Props = {
  session: Session
  id: string
  /** null: it is made. */
  organization: Organization | null
  onSaved(): void
  onClose(): void
}

/** Name and quota of an organization. */
export function OrganizationForm({ session, id, organization, onSaved, onClose }: Props) {
  const [name, setName] = useState(organization?.name ?? id)
  const [quota, setQuota] = useState(bytesInputOf(organization?.quotaBytes ?? null))
  const action = useAction()

  async function submit(event: Event) {
    event.preventDefault()
    const isSaved = await action.run(() =>
      putOrganization(session.key, id, { name: name.trim(), quotaBytes: bytesOf(quota) }),
    )
    if (!isSaved) return
    onSaved()
    onClose()
  }

  return (
    <Dialog title={organization === null ? `Make the organization ${id}` : `Change ${id}`} onClose={onClose}>
      <form onSubmit={submit}>
        <div class="dialog-body">
          <TextField label="Name" required maxLength={255} value={name} setValue={setName} />
          <BytesField label="Quota" hint="Left empty, none" value={quota} setValue={setQuota} />
        </div>
        <FormFoot action={action} verb={organization === null ? 'Make' : 'Save'} onCancel={onClose} />
      </form>
    </Dialog>
  )
}
