import type { Instance, Poll } from '../api/entities';
import { graphemes } from '../text/count';

/** A poll that is being written. */
export interface PollDraft {
	options: string[];
	multiple: boolean;
	/** Seconds from the moment it is posted; 0 leaves the end of a poll that is already there. */
	expiresIn: number;
}

/** What the server takes; before it has said so, what Mastodon takes. */
export interface PollLimits {
	options: number;
	/** Of an option, in characters as they are seen. */
	length: number;
	shortest: number;
	longest: number;
}

export const LEAST_OPTIONS = 2;
const DAY = 86_400;
const usual = [300, 1800, 3600, 6 * 3600, 12 * 3600, DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY];

export function pollLimitsOf(server: Instance | null): PollLimits {
	const polls = server?.configuration?.polls;
	return {
		options: polls?.max_options ?? 4,
		length: polls?.max_characters_per_option ?? 50,
		shortest: polls?.min_expiration ?? 300,
		longest: polls?.max_expiration ?? 2_629_746,
	};
}

export const emptyPoll = (): PollDraft => ({ options: Array<string>(LEAST_OPTIONS).fill(''), multiple: false, expiresIn: DAY });

/** A poll as it is asked; `kept` leaves its end, else it is asked anew for a day. */
export const pollOf = (poll: Poll, kept: boolean): PollDraft => ({
	options: poll.options.map(({ title }) => title),
	multiple: poll.multiple,
	expiresIn: kept ? 0 : DAY,
});

/** How long a poll may be open, in seconds. */
export const durations = ({ shortest, longest }: PollLimits): number[] => usual.filter((seconds) => seconds >= shortest && seconds <= longest);

export const tooLong = (option: string, limits: PollLimits): boolean => graphemes(option.trim()) > limits.length;

/** What is asked: empty lines are none. */
export const answers = (poll: PollDraft): string[] => poll.options.map((option) => option.trim()).filter((option) => option !== '');

export function isAsked(poll: PollDraft, limits: PollLimits): boolean {
	const list = answers(poll);
	return list.length >= LEAST_OPTIONS && list.length <= limits.options && new Set(list).size === list.length && !list.some((option) => tooLong(option, limits));
}

/** Which options say what another before them says. */
export const repeated = (poll: PollDraft): boolean[] => poll.options.map((option, index) => option.trim() !== '' && poll.options.slice(0, index).some((other) => other.trim() === option.trim()));

/** Votes count no more once something else is asked. */
export const asksElse = (poll: PollDraft, before: Poll): boolean =>
	poll.multiple !== before.multiple || JSON.stringify(answers(poll)) !== JSON.stringify(before.options.map(({ title }) => title));

export function isPollDraft(value: unknown): value is PollDraft {
	const poll = value as PollDraft | null;
	return (
		typeof poll === 'object' && poll !== null && Array.isArray(poll.options) && poll.options.length >= LEAST_OPTIONS &&
		poll.options.every((option) => typeof option === 'string') && typeof poll.multiple === 'boolean' && typeof poll.expiresIn === 'number'
	);
}
