"""Steps that several stories share."""

from playwright.async_api import Locator, expect

from tests.browser.panes import ADA, ANNA, APPROVE, CARLA
from tests.browser.visitor import Visitor


async def ask(visitor: Visitor, about: str, *, who: str = ADA) -> Locator:
    """Have a customer ask in public; give the card in #billing, seen by Anna."""
    await visitor.network.be(who)
    await visitor.network.write(f"@acme I was charged twice for {about}. Can you look into it?")
    await visitor.workspace.be(ANNA, "billing")
    card = visitor.workspace.card(about)
    await expect(card).to_be_visible()
    return card


async def write_by_form(visitor: Visitor, text: str) -> None:
    """Have Ben, who is on no network, fill in the contact form."""
    await visitor.at.to_form()
    form = visitor.at.form
    await form.get_by_role("textbox", name="Your name").fill("Ben Okafor")
    await form.get_by_role("textbox", name="Your e-mail address").fill("ben@customer.example")
    await form.get_by_role("textbox", name="Your message").fill(text)
    await form.get_by_role("button", name="Send").click()
    await expect(form.get_by_role("heading", name="Your conversation with Acme")).to_be_visible()


async def answer(visitor: Visitor, card: Locator, text: str) -> None:
    """Answer in the card's own field."""
    field = card.get_by_role("textbox", name="Your answer")
    await field.fill(text)
    await field.press("Enter")
    await expect(card.get_by_text("waits for approval")).to_be_visible()


async def to_approve(visitor: Visitor, text: str) -> Locator:
    """Be Carla before the card with a text."""
    await visitor.workspace.be(CARLA, "approvals")
    approval = visitor.workspace.waiting(text)
    await expect(approval).to_be_visible()
    return approval


async def approve(visitor: Visitor, approval: Locator, about: str) -> None:
    """Approve, and let the time to undo it pass at once."""
    await approval.get_by_role("button", name=APPROVE).click()
    await expect(visitor.workspace.approval(about).get_by_role("button", name="Undo")).to_be_visible()
    await visitor.at.jump("+15 min")
