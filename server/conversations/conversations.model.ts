import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import type { ConversationKind, MemberRole, Threading, Visibility } from '@parley/protocol/conversations.ts';

/** One conversation. Its counters (`last_seq`, `last_line`, `head`) are moved by SQL under the row's lock, never through the model. */
export class ConversationRow extends Model<InferAttributes<ConversationRow>, InferCreationAttributes<ConversationRow>> {
  declare id: string;
  declare kind: ConversationKind;
  declare name: string | null;
  declare purpose: CreationOptional<string>;
  declare visibility: Visibility;
  declare threading: Threading;
  declare head: CreationOptional<number>;
  declare rev: CreationOptional<number>;
  declare memberCount: CreationOptional<number>;
  declare directKey: CreationOptional<string | null>;
  declare clientKey: CreationOptional<string | null>;
  declare createdBy: string | null;
  declare createdAt: CreationOptional<Date>;
  declare archivedAt: CreationOptional<Date | null>;
}

/** One membership; kept when the person leaves. */
export class MemberRow extends Model<InferAttributes<MemberRow>, InferCreationAttributes<MemberRow>> {
  declare conversationId: string;
  declare userId: string;
  declare role: MemberRole;
  declare joinedAt: CreationOptional<Date>;
  declare leftAt: CreationOptional<Date | null>;
  declare rev: number;
  declare readLine: CreationOptional<number>;
  declare muted: CreationOptional<boolean>;
  declare pinned: CreationOptional<boolean>;
  declare urev: CreationOptional<number>;
}

export function defineConversations(sequelize: Sequelize): void {
  ConversationRow.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true },
      kind: { type: DataTypes.TEXT, allowNull: false },
      name: DataTypes.TEXT,
      purpose: { type: DataTypes.TEXT, defaultValue: '' },
      visibility: { type: DataTypes.TEXT, allowNull: false },
      threading: { type: DataTypes.TEXT, allowNull: false },
      head: { type: DataTypes.BIGINT, defaultValue: 0 },
      rev: { type: DataTypes.BIGINT, defaultValue: 0 },
      memberCount: { type: DataTypes.INTEGER, defaultValue: 0 },
      directKey: DataTypes.TEXT,
      clientKey: DataTypes.TEXT,
      createdBy: DataTypes.UUID,
      createdAt: DataTypes.DATE,
      archivedAt: DataTypes.DATE,
    },
    { sequelize, tableName: 'conversations', timestamps: true },
  );
  MemberRow.init(
    {
      conversationId: { type: DataTypes.UUID, primaryKey: true },
      userId: { type: DataTypes.UUID, primaryKey: true },
      role: { type: DataTypes.TEXT, allowNull: false },
      joinedAt: { type: DataTypes.DATE, defaultValue: DataTypes.NOW },
      leftAt: DataTypes.DATE,
      rev: { type: DataTypes.BIGINT, allowNull: false },
      readLine: { type: DataTypes.BIGINT, defaultValue: 0 },
      muted: { type: DataTypes.BOOLEAN, defaultValue: false },
      pinned: { type: DataTypes.BOOLEAN, defaultValue: false },
      urev: { type: DataTypes.BIGINT, defaultValue: 0 },
    },
    { sequelize, tableName: 'members', timestamps: false },
  );
}
