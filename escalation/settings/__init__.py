"""The configuration: one TOML file, read into frozen models, every mistake told with its line."""

from escalation.settings.loading import load_settings, parse_settings
from escalation.settings.problems import ConfigurationError, MissingSecret, Problem
from escalation.settings.rotas import OnCallLayer, OnCallRota
from escalation.settings.sections import (
    CLOCK_TARGETS,
    PING_ROLES,
    Account,
    Approval,
    Brand,
    Chat,
    Database,
    Department,
    LadderStep,
    Managers,
    Member,
    Organisation,
    Policy,
    Route,
    SlackChat,
    TeamsChat,
)
from escalation.settings.settings import STANDARD, ApprovalChannel, Settings
from escalation.settings.values import ChannelAddress, LadderPoint

__all__ = [
    "CLOCK_TARGETS",
    "PING_ROLES",
    "STANDARD",
    "Account",
    "Approval",
    "ApprovalChannel",
    "Brand",
    "ChannelAddress",
    "Chat",
    "ConfigurationError",
    "Database",
    "Department",
    "LadderPoint",
    "LadderStep",
    "Managers",
    "Member",
    "MissingSecret",
    "OnCallLayer",
    "OnCallRota",
    "Organisation",
    "Policy",
    "Problem",
    "Route",
    "Settings",
    "SlackChat",
    "TeamsChat",
    "load_settings",
    "parse_settings",
]
