import { locale, t } from '../i18n/i18n.svelte';

/** One clock for every "2m" on the page. */
let now = $state(Date.now());
setInterval(() => (now = Date.now()), 30_000);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const unit = (value: number, name: string, display: 'narrow' | 'long' = 'narrow') =>
	new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: display }).format(value);

/** "2m", "5h", "3d", then the date. */
export function ago(iso: string): string {
	const then = Date.parse(iso);
	const age = Math.max(0, now - then);
	if (age < MINUTE) return unit(Math.floor(age / 1000), 'second');
	if (age < HOUR) return unit(Math.floor(age / MINUTE), 'minute');
	if (age < DAY) return unit(Math.floor(age / HOUR), 'hour');
	if (age < 7 * DAY) return unit(Math.floor(age / DAY), 'day');
	const sameYear = new Date(then).getFullYear() === new Date(now).getFullYear();
	return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: sameYear ? undefined : 'numeric' }).format(then);
}

/** "14 hours left". */
export function left(iso: string): string {
	const rest = Math.max(0, Date.parse(iso) - now);
	const time =
		rest >= DAY ? unit(Math.round(rest / DAY), 'day', 'long')
		: rest >= HOUR ? unit(Math.round(rest / HOUR), 'hour', 'long')
		: unit(Math.max(1, Math.round(rest / MINUTE)), 'minute', 'long');
	return t('poll.left', { time });
}

export const moment = (iso: string): string =>
	new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(Date.parse(iso));

export const day = (iso: string): string => new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(Date.parse(iso));

export const month = (iso: string): string =>
	new Intl.DateTimeFormat(locale, { month: 'short', year: 'numeric' }).format(Date.parse(iso));
