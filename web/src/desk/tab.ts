/** The name of this tab: what is handed out to it is handed to no other, and is there again after a reload. */

const KEPT = "querist.tab";

/** The name as it stands; a fresh one where there is none yet. */
export function tabName(): string {
  const kept = sessionStorage.getItem(KEPT);
  if (kept) return kept;
  const name = crypto.randomUUID();
  sessionStorage.setItem(KEPT, name);
  return name;
}

/** Hold the name for as long as the page is open. A duplicated tab brings a name that is held, and gets its own. */
export async function claimTab(): Promise<string> {
  if (!("locks" in navigator)) return tabName();
  for (;;) {
    const name = tabName();
    const free = await new Promise<boolean>((tell) => {
      void navigator.locks.request(`querist-tab-${name}`, { ifAvailable: true }, (lock) => {
        tell(lock !== null);
        return lock === null ? undefined : new Promise(() => undefined);
      });
    });
    if (free) return name;
    sessionStorage.removeItem(KEPT);
  }
}
