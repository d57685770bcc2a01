/** Questions and short messages that any part of the app may raise; one host shows them. */

export interface Question {
	title: string;
	body: string;
	action: string;
	danger?: boolean;
}

interface Asked extends Question {
	answer: (yes: boolean) => void;
}

export interface Message {
	id: number;
	text: string;
	danger: boolean;
	link?: { href: string; text: string };
}

class Dialogs {
	question = $state.raw<Asked | null>(null);
	messages = $state.raw<Message[]>([]);
	signInNeeded = $state(false);
	#count = 0;

	confirm(question: Question): Promise<boolean> {
		this.question?.answer(false);
		return new Promise((resolve) => {
			this.question = {
				...question,
				answer: (yes) => {
					this.question = null;
					resolve(yes);
				},
			};
		});
	}

	say(text: string, options: { danger?: boolean; link?: Message['link'] } = {}): void {
		const id = ++this.#count;
		this.messages = [...this.messages.slice(-2), { id, text, danger: options.danger ?? false, link: options.link }];
		setTimeout(() => this.dismiss(id), options.danger ? 9000 : 5000);
	}

	dismiss(id: number): void {
		this.messages = this.messages.filter((message) => message.id !== id);
	}
}

export const dialogs = new Dialogs();
