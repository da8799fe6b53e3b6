const probe = 'parley_probe=1; SameSite=Strict; Path=/';

/** Whether this browser refuses cookies of this site. The session is one, so signing in would not last. */
export function cookiesBlocked(): boolean {
  try {
    if (!navigator.cookieEnabled) return true;
    document.cookie = probe;
    const taken = document.cookie.includes('parley_probe');
    document.cookie = `${probe}; Max-Age=0`;
    return !taken;
  } catch {
    return true;
  }
}
